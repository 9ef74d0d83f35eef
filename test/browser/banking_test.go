package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Maria looks at a connected application, lowers its limits and raises them
// again, moves it to her other account, ends it, and takes back the money that
// it had set aside.
func (p *pass) connectedApplication(t *testing.T, name string) {
	paired := p.Pair(t, "maria", "kawomat")
	if a := paired.Post(t, "/account/"+paired.AccountID+"/blockade", `{"operationId":"one","amount":"80.00","currency":"PLN","title":"Kawa w biurze"}`); a.Status != http.StatusCreated {
		t.Fatalf("placing a hold answers %d %s", a.Status, a.Body)
	}
	r := p.starts(t, name)
	r.opens(p.People + "/applications")
	r.at(p.People + "/login")
	r.logsIn("maria")
	r.page("applications")
	r.followsLink("/applications/")
	r.says("Kawa w biurze", p.in("Wykorzystano 80,00 zł, zostało 920,00 zł", "PLN 80.00 used, PLN 920.00 left"))
	r.page("application")
	here := r.here()

	r.opensDetails()
	r.page("limits-open")
	r.types("single", p.in("100", "100"))
	r.types("daily", "50")
	r.follows("save-limits")
	r.says(p.in("Ten limit nie może być wyższy", "This limit may not be higher"))
	r.page("limits-fault")
	r.types("daily", p.in("1 000,00", "1,000.00"))
	r.enters()
	r.says(p.in("Limity zostały obniżone", "The limits have been lowered"), p.in("100,00 zł", "PLN 100.00"))
	r.page("limits-lowered")

	r.opensDetails()
	r.types("single", "300")
	r.enters()
	r.at(p.People + "/factor/limits/")
	r.says(p.in("300,00 zł", "PLN 300.00"))
	r.page("limits-code")
	r.types("code", p.Code(t, "maria"))
	r.enters()
	r.at(here)
	r.says(p.in("Limity zostały podwyższone", "The limits have been raised"), p.in("300,00 zł", "PLN 300.00"))
	r.page("limits-raised")

	r.ticks("account")
	r.follows("move")
	r.at(here)
	r.says(p.in("Aplikacja korzysta teraz z wybranego konta", "The application now uses the account you chose"), "Savings account")
	r.page("moved")
	if a := paired.Get(t, "/account/"+paired.AccountID+"/blockade"); a.Status != http.StatusOK {
		t.Errorf("after the move the application's account_id answers %d %s", a.Status, a.Body)
	}

	r.follows("end")
	r.says(p.in("pozostanie 1 aktywna blokada", "1 active hold"))
	r.page("end")
	r.follows("no")
	r.at(here)
	r.follows("end")
	r.follows("yes")
	r.at(here)
	r.says(p.in("zakończon", "ended"))
	r.page("ended")
	if a := paired.Get(t, "/user"); a.Field("error") != "access_token_invalid" {
		t.Errorf("the token of an ended pairing answers %d %s", a.Status, a.Body)
	}

	r.followsLink("/holds/")
	r.says("Kawa w biurze", p.in("80,00 zł", "PLN 80.00"))
	r.page("release")
	r.follows("yes")
	r.says(p.in("Blokada została zwolniona", "The hold has been released"))
	r.page("released")
	r.opens(p.People + "/")
	r.saysNot(p.in("80,00 zł", "PLN 80.00"))
}

// opensDetails opens what is folded, with Space.
func (r *reader) opensDetails() {
	r.Helper()
	for range mostStops {
		r.does("Tab", tabKey)
		if asks[bool](r, `document.activeElement.tagName === "SUMMARY"`) {
			r.does("Space", spaceKey)
			if !asks[bool](r, `document.activeElement.parentElement.open`) {
				r.Fatalf("Space does not open what is folded (at %s)", r.here())
			}
			return
		}
	}
	r.Fatalf("Tab reaches nothing folded at %s", r.here())
}

// Tomasz's own limits hold for all applications together.
func (p *pass) ownLimits(t *testing.T, name string) {
	paired := p.Pair(t, "tomasz", "kawomat")
	r := p.starts(t, name)
	r.opens(p.People + "/limits")
	r.logsIn("tomasz")
	r.at(p.People + "/limits")
	r.page("limits")
	r.types("oneoff_daily", "abc")
	r.follows("save-limits")
	r.says(p.in("Wpisz kwotę", "Enter an amount"))
	r.page("fault")
	r.types("oneoff_daily", "60")
	r.follows("save-limits")
	r.says(p.in("Limity zostały obniżone", "The limits have been lowered"))
	r.page("lowered")
	if a := paired.Post(t, "/payment", fmt.Sprintf(`{"operationId":"over","account_id":%q,"amount":"60.01","currency":"PLN","title":"Kawa"}`, paired.AccountID)); a.Field("error") != "user_limit exceeded" {
		t.Errorf("above the customer's own limit: %d %s", a.Status, a.Body)
	}
	r.types("oneoff_daily", "70")
	r.enters()
	r.at(p.People + "/factor/customer_limits/")
	r.says(p.in("70,00 zł", "PLN 70.00"))
	r.page("code")
	r.follows("cancel")
	r.at(p.People + "/limits")
	r.says(p.in("zostało 60,00 zł", "PLN 60.00 left"))
	r.types("oneoff_daily", "70")
	r.enters()
	r.types("code", p.Code(t, "tomasz"))
	r.enters()
	r.at(p.People + "/limits")
	r.says(p.in("Limity zostały podwyższone", "The limits have been raised"), p.in("zostało 70,00 zł", "PLN 70.00 left"))
	r.page("raised")
}

// Piotr also acts for his business. An application for people cannot be paired with it.
func (p *pass) actingForACompany(t *testing.T, name string) {
	r := p.starts(t, name)
	r.opens(p.People + "/")
	r.types("login", "piotr")
	r.types("password", p.Password)
	r.enters()
	r.at(p.People + "/context")
	r.follows("choose")
	r.says(p.in("Wybierz jedną z możliwości", "Choose one of the options"))
	r.page("context-fault")
	r.tabsTo("customer")
	r.arrowsTo("customer-1")
	r.does("Space", spaceKey)
	r.follows("choose")
	r.at(p.People + "/")
	r.says("Zieliński Usługi Informatyczne")
	r.page("home")
	r.follows("context")
	r.at(p.People + "/context")
	r.opens(p.startOf("kawomat"))
	r.says(p.in("Aplikacje partnerów mogą łączyć się z kontami klientów indywidualnych", "accounts of personal customers"))
	r.page("not-for-companies")
	r.follows("context")
	r.tabsTo("customer-1")
	r.arrowsTo("customer")
	r.follows("choose")
	if !strings.HasPrefix(r.here(), p.People+"/pair/") {
		t.Errorf("after the change of customer the request is lost: %s", r.here())
	}
	r.page("consent")
}
