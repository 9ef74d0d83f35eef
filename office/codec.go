package office

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// commands lists every command by the name under which it is kept in a
// proposal and sent over the admin socket.
func commands() map[string]Command {
	return map[string]Command{
		"partner.put":          &PutPartner{},
		"application.put":      &PutApplication{},
		"application.status":   &SetStatus{},
		"application.secret":   &NewSecret{},
		"application.prove":    &ProveDomain{},
		"customers.import":     &ImportCustomers{},
		"customer.block":       &BlockCustomer{},
		"customer.limits":      &SetCustomerLimits{},
		"account.status":       &SetAccountStatus{},
		"account.access":       &SetAccess{},
		"device.enrol":         &EnrolDevice{},
		"device.remove":        &RemoveDevice{},
		"person.unlock":        &Unlock{},
		"pairing.end":          &EndPairing{},
		"hold.release":         &ReleaseHold{},
		"list.partners":        &ListPartners{},
		"list.applications":    &ListApplications{},
		"list.pairings":        &ListPairings{},
		"list.accounts":        &ListAccounts{},
		"list.proposals":       &ListProposals{},
		"proposal.description": &ShowProposal{},

		"register.import":      &ImportRegister{},
		"third_party.apply":    &ApplyThirdParty{},
		"third_party.show":     &ShowAdmission{},
		"third_party.paper":    &ReviewPaper{},
		"third_party.admit":    &AdmitThirdParty{},
		"third_party.refuse":   &RefuseThirdParty{},
		"third_party.block":    &BlockThirdParty{},
		"third_party.lenience": &LenientTo{},
		"list.third_parties":   &ListThirdParties{},
		"hotline":              &Hotline{},
		"consent.end":          &EndConsent{},
		"list.consents":        &ListConsents{},
		"transfer.show":        &ShowTransfer{},
		"list.transfers":       &ListTransfers{},
	}
}

type envelope struct {
	Name string          `json:"name"`
	Body json.RawMessage `json:"body"`
}

// Encode writes a command so that Decode reads it again.
func Encode(c Command) ([]byte, error) {
	for name, known := range commands() {
		if reflect.TypeOf(known) == reflect.TypeOf(c) {
			body, err := json.Marshal(c)
			if err != nil {
				return nil, err
			}
			return json.Marshal(envelope{Name: name, Body: body})
		}
	}
	return nil, fmt.Errorf("office: %T has no name", c)
}

// Decode reads a command, strictly: it came from another process.
func Decode(b []byte) (Command, error) {
	var e envelope
	if err := strict(b, &e); err != nil {
		return nil, err
	}
	c, ok := commands()[e.Name]
	if !ok {
		return nil, fmt.Errorf("office: unknown command %q", e.Name)
	}
	if err := strict(e.Body, c); err != nil {
		return nil, err
	}
	return c, nil
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("office: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("office: more than one value")
	}
	return nil
}
