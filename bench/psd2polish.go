package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"okienko/client"
)

// polishForm is the version of the standard that is measured; its wire form is
// the same in all of them as far as these calls go.
const polishForm = client.PolishAPI212

// here says that the customer asks, as a member of every body.
const here = `"requestHeader":{"isDirectPsu":true,"ipAddress":"203.0.113.7","userAgent":"bench"}`

// measurePolish measures the same calls in the PolishAPI form, with the tokens that
// were given in mBank's: answers are signed there (RS256), and packed where they
// are long.
func (t *thirdPartyLoad) measurePolish(ctx context.Context, runs int) error {
	folder := t.folder
	folder.Speak(polishForm)
	c, err := client.New(folder.Config)
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Printf("the same in the form %s: every answer signed, long ones packed\n", polishForm)
	reads := func(operation string, token func(*reader) string, more string) func(context.Context) ([][]byte, error) {
		return func(ctx context.Context) ([][]byte, error) {
			return t.signBy(ctx, c, signedReads, func(i int) (string, string, string, []byte, map[string]string) {
				r := &t.people[i%len(t.people)]
				body := "{" + here + more
				if more != "" {
					body += fmt.Sprintf(`,"accountNumber":%q`, r.number)
				}
				return http.MethodPost, c.Path(operation), token(r), []byte(body + "}"), nil
			})
		}
	}
	for _, k := range []struct {
		name   string
		signed func(context.Context) ([][]byte, error)
	}{
		{"getAccounts", reads("accounts/getAccounts", func(r *reader) string { return r.list }, "")},
		{
			fmt.Sprintf("getTransactionsDone (%d)", psd2Page),
			reads("accounts/getTransactionsDone", func(r *reader) string { return r.read }, fmt.Sprintf(`,"perPage":%d`, psd2Page)),
		},
		{"payments/domestic (internal)", t.polishOrders(c)},
	} {
		var all []httpsRun
		for range runs {
			requests, err := k.signed(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			r, err := t.send(ctx, requests, http.StatusOK)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			all = append(all, r)
		}
		t.tell(k.name, all)
	}
	return nil
}

// polishOrders has customers consent to payments in mBank's form, which are ordered
// in the other: the consent is the same.
func (t *thirdPartyLoad) polishOrders(c *client.Client) func(context.Context) ([][]byte, error) {
	return func(ctx context.Context) ([][]byte, error) {
		orders, err := t.consentedOrders(ctx)
		if err != nil {
			return nil, err
		}
		return t.signBy(ctx, c, len(orders), func(i int) (string, string, string, []byte, map[string]string) {
			p := orders[i].payment
			body, _ := json.Marshal(map[string]any{ // nothing in it can fail
				"recipient": map[string]any{"accountNumber": p.Recipient.AccountNumber, "nameAddress": map[string]any{"value": []string{p.Recipient.Name}}},
				"sender":    map[string]any{"accountNumber": p.Sender.AccountNumber},
				"transferData": map[string]any{
					"description": p.TransferData.Description, "amount": p.TransferData.Amount, "currency": p.TransferData.Currency,
				},
				"deliveryMode": "ExpressD0", "system": "Internal", "tppTransactionId": client.NewID(),
			})
			return http.MethodPost, c.Path("payments/domestic"), orders[i].token, body, nil
		})
	}
}
