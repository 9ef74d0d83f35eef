package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// dice is one stream of chance. Every topic throws dice of its own, so that one
// more throw for a shop's name does not give everybody another PESEL.
type dice struct{ *rand.Rand }

func throw(seed uint64, topic string) dice {
	h := fnv.New64a()
	h.Write([]byte(topic)) // never fails
	return dice{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// between is a whole number from low to high, both inclusive.
func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

// grosze is an amount from low to high whole units, with odd minor units.
func (d dice) grosze(low, high int64) int64 { return low*100 + d.Int64N((high-low)*100+1) }

// chance is true in percent cases of a hundred.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// derived is a secret of the made-up world: everybody who knows the seed knows it.
func derived(seed uint64, purpose, of string, try byte) [sha256.Size]byte {
	b := binary.BigEndian.AppendUint64([]byte("okienko sandbox|"), seed)
	b = append(b, '|', try, '|')
	b = append(append(append(b, purpose...), '|'), of...)
	return sha256.Sum256(b)
}

func clientSecret(seed uint64, client string) string {
	sum := derived(seed, "client secret", client, 0)
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// deviceKey is the private key of a made-up mobile device. ecdsa.GenerateKey
// takes no chosen randomness any more, so the scalar is derived; one in 2^32 is
// not below the order of P-256, and then the next try is.
func deviceKey(seed uint64, device string) (*ecdsa.PrivateKey, error) {
	var err error
	for try := range byte(8) {
		scalar := derived(seed, "device", device, try)
		var key *ecdsa.PrivateKey
		if key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]); err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("sandbox: key of device %s: %w", device, err)
}
