package authserver

import (
	"context"

	"okienko/bank/account"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/bank/thirdparty"
	"okienko/bank/xs2a"
)

const beingBuilt = "authserver: consents are being built"

func (s *Server) AskConsent(ctx context.Context, a ConsentAsk) (ConsentRequest, error) {
	panic(beingBuilt)
}
func (s *Server) PendingConsent(ctx context.Context, id RequestID) (PendingConsent, error) {
	panic(beingBuilt)
}
func (s *Server) ConsentAccounts(ctx context.Context, p PendingConsent, person party.PersonID, c party.CustomerID) ([]account.Account, error) {
	panic(beingBuilt)
}
func (s *Server) ChooseForConsent(ctx context.Context, id RequestID, c ConsentChoice) (PendingConsent, error) {
	panic(beingBuilt)
}
func (s *Server) ConsentSubject(ctx context.Context, id RequestID, lang party.Language) (sca.Subject, error) {
	panic(beingBuilt)
}
func (s *Server) GiveConsent(ctx context.Context, id RequestID, person party.PersonID, challenge sca.ID) (redirect string, err error) {
	panic(beingBuilt)
}
func (s *Server) RefuseConsent(ctx context.Context, id RequestID, person party.PersonID) (redirect string, err error) {
	panic(beingBuilt)
}
func (s *Server) ConsentTokens(ctx context.Context, p ConsentTokenParams) (ConsentTokenAnswer, error) {
	panic(beingBuilt)
}
func (s *Server) CheckConsent(ctx context.Context, token string) (ConsentAccess, error) {
	panic(beingBuilt)
}
func (s *Server) WithdrawByThirdParty(ctx context.Context, client thirdparty.ClientID, tppID string) error {
	panic(beingBuilt)
}
func (s *Server) WithdrawConsent(ctx context.Context, person party.PersonID, id xs2a.ID) error {
	panic(beingBuilt)
}
func (s *Server) RenewalSubject(ctx context.Context, person party.PersonID, id xs2a.ID, lang party.Language) (sca.Subject, error) {
	panic(beingBuilt)
}
func (s *Server) RenewConsent(ctx context.Context, person party.PersonID, id xs2a.ID, challenge sca.ID) (xs2a.Consent, error) {
	panic(beingBuilt)
}
func (s *Server) FundsIssuers(ctx context.Context) ([]thirdparty.Entry, error) { panic(beingBuilt) }
func (s *Server) FundsSubject(ctx context.Context, f FundsAsk, lang party.Language) (sca.Subject, error) {
	panic(beingBuilt)
}
func (s *Server) GiveFunds(ctx context.Context, f FundsAsk, challenge sca.ID) (xs2a.Consent, error) {
	panic(beingBuilt)
}
func (s *Server) MaySwitchAccess(ctx context.Context, person party.PersonID, id account.ID) error {
	panic(beingBuilt)
}
func (s *Server) AccessSubject(ctx context.Context, person party.PersonID, id account.ID, on bool, lang party.Language) (sca.Subject, error) {
	panic(beingBuilt)
}
func (s *Server) SwitchAccess(ctx context.Context, person party.PersonID, id account.ID, on bool, challenge sca.ID) (account.Account, error) {
	panic(beingBuilt)
}
