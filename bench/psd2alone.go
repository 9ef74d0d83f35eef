package main

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"okienko/bank/thirdparty"
	"okienko/client"
	"okienko/eidas"
	"okienko/eidas/seal"
)

// replays measures the record of request ids alone: many callers of one store.
func replays(ctx context.Context, o options, sh shelf) (err error) {
	b, err := sh.blank(ctx, "replays")
	if err != nil {
		return err
	}
	st, err := b.store(ctx, "replays")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	var rates []float64
	var ids atomic.Int64
	for range min(o.runs, 3) {
		l, err := drive(ctx, connections, o.length, func() {}, func(ctx context.Context, _ int) error {
			return st.FirstUse(ctx, thirdparty.Organisation("PSDPL-PFSA-0000000001"), fmt.Sprintf("%08x-0000-1000-8000-000000000001", ids.Add(1)), time.Now())
		})
		if err != nil {
			return err
		}
		rates = append(rates, l.rate())
	}
	fmt.Printf("the record of request ids alone, %d callers: %.0f/s, durable before it is answered\n", connections, median(rates))
	return nil
}

// signatures measures a check of a signature as the door does it beside the bare
// cryptography, alternately.
func signatures(folder string) error {
	f, err := client.Open(folder)
	if err != nil {
		return err
	}
	key, ok := f.SealCertificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return errors.New("the QSealC is not of RSA")
	}
	h := http.Header{
		"Tpp-Request-Id": {"c6c9f3c0-2c1b-11ef-8a3c-0242ac120002"}, "Tpp-Id": {f.Organisation}, "Client-Id": {f.ClientID}, "Authorization": {"Bearer " + strings.Repeat("x", 43)}, "Psu-Session": {"true"},
	}
	const at = "/bank-simulator-pl-retail/v3/accounts/5c0e3f3a/transactions?transactionStatus=DONE&pageSize=50"
	payload, err := seal.AppendPayload(nil, at, h, nil)
	if err != nil {
		return err
	}
	header := seal.Header{Alg: seal.RS256, Typ: "JWT", URL: f.SealURL, Thumbprint: eidas.Thumbprint(f.SealCertificate)}
	value, err := seal.Sign(f.Seal, header, payload)
	if err != nil {
		return err
	}
	head, tail, _ := strings.Cut(value, "..")
	input := []byte(head + "." + base64.RawURLEncoding.EncodeToString(payload))
	raw, err := base64.RawURLEncoding.DecodeString(tail)
	if err != nil {
		return err
	}
	bare := func() error {
		sum := sha256.Sum256(input)
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw)
	}
	whole := func() error {
		p, err := seal.AppendPayload(nil, at, h, nil)
		if err != nil {
			return err
		}
		s, err := seal.Parse(value, seal.RS256)
		if err != nil {
			return err
		}
		return s.Verify(f.SealCertificate, p)
	}
	const rounds, each = 30, 500
	var ratios []float64
	var alone []time.Duration
	for range rounds {
		var took [2]time.Duration
		for i, check := range []func() error{bare, whole} {
			from := time.Now()
			for range each {
				if err := check(); err != nil {
					return err
				}
			}
			took[i] = time.Since(from)
		}
		ratios, alone = append(ratios, took[1].Seconds()/took[0].Seconds()), append(alone, took[0]/each)
	}
	fmt.Printf("checking a signature over its bare cryptography (%s): %s (min / median / max of %d rounds)\n", us(median(alone)), spread(ratios), rounds)
	return nil
}
