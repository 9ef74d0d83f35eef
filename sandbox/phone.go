package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"okienko/bank"
	"okienko/bank/notice"
	"okienko/bank/party"
	"okienko/bank/sca"
	"okienko/notify"
)

// The phone takes the place of a gateway.
var _ notify.Gateway = (*Phone)(nil)

// Owner is somebody with a made-up phone.
type Owner struct {
	Person    party.PersonID
	Login     string
	FirstName string
	LastName  string
	Number    string
	Language  party.Language
	Device    string // id of the enrolled mobile device, "" without one

	key *ecdsa.PrivateKey
}

func newOwner(seed uint64, p party.Person) (Owner, error) {
	o := Owner{Person: p.ID, Login: p.Login, FirstName: p.FirstName, LastName: p.LastName, Number: p.Phone, Language: p.Language}
	if !p.UsesApp {
		return o, nil
	}
	o.Device = "device-" + p.Login
	var err error
	o.key, err = deviceKey(seed, o.Device)
	return o, err
}

// Owners makes the owners of the world with that seed again, without the world:
// a sandbox that starts once more has its people in the store and only lacks
// their phones.
func Owners(seed uint64) ([]Owner, error) {
	cfg, err := Config{Seed: seed, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Entries: OnlyOpening}.complete()
	if err != nil {
		return nil, err
	}
	w, err := NewWorld(cfg) // names and keys do not hang on the day
	if err != nil {
		return nil, err
	}
	return w.Owners, nil
}

// App is the bank's side of its mobile application.
type App interface {
	WaitingApprovals(ctx context.Context, device string) ([]sca.Challenge, error)
	Approve(ctx context.Context, id sca.ID, device string, signature []byte) (sca.Challenge, error)
	Reject(ctx context.Context, id sca.ID, device string, signature []byte) (sca.Challenge, error)
}

// People finds those who came into the bank after the world was made.
type People interface {
	Person(ctx context.Context, id party.PersonID) (party.Person, error)
}

// PhoneConfig sets up a phone.
type PhoneConfig struct {
	Owners []Owner
	App    App
	// ApprovalText and RejectionText are what a device signs for its yes and its no.
	ApprovalText, RejectionText func(sca.Challenge) []byte
	// Confirmed is called after an approval, to have done what was confirmed. A
	// refusal reaches whoever approved.
	Confirmed func(context.Context, sca.Challenge) error
	// Refused is called after a refusal, to have ended what was refused.
	Refused func(context.Context, sca.Challenge) error
	// NewCode draws a one-time code that a person gives to a third party; nil where
	// the bank serves none.
	NewCode func(ctx context.Context, person party.PersonID) (code string, until time.Time, err error)
	People  People // nil: nobody comes later
	// Inbox is the file in which messages outlive the program; "" keeps them in
	// memory. They hold one-time codes.
	Inbox string
	Keep  int // messages for each owner; 0 is DefaultKeep
}

// DefaultKeep bounds an inbox. Nobody scrolls further, and a test that sends
// millions must not fill the memory.
const DefaultKeep = 100

// Phone is the phones of everybody in the sandbox: messages arrive there, and
// approvals of the mobile application are given there.
type Phone struct {
	cfg   PhoneConfig
	inbox *inbox

	hush   sync.Once
	hushed chan struct{} // closed when the bank closes

	mu       sync.Mutex
	owners   []Owner // in order of arrival
	answered map[string][]sca.Challenge
	codes    map[string]drawnCode
	news     map[string]chan struct{} // by login; closed when something arrives
}

// NewPhone opens the inbox.
func NewPhone(cfg PhoneConfig) (*Phone, error) {
	if cfg.Keep <= 0 {
		cfg.Keep = DefaultKeep
	}
	box, err := openInbox(cfg.Inbox, cfg.Keep)
	if err != nil {
		return nil, err
	}
	return &Phone{
		cfg: cfg, inbox: box, hushed: make(chan struct{}), owners: slices.Clone(cfg.Owners),
		answered: map[string][]sca.Challenge{}, codes: map[string]drawnCode{}, news: map[string]chan struct{}{},
	}, nil
}

// Hush sends those home who wait for something to come: the bank is closing and
// would wait for them. Twice is harmless.
func (p *Phone) Hush() { p.hush.Do(func() { close(p.hushed) }) }

// Close closes the inbox.
func (p *Phone) Close() error { return p.inbox.close() }

// Send takes a message from the bank: an SMS is kept, a push only tells that an
// approval waits.
func (p *Phone) Send(ctx context.Context, m notice.Message) error {
	o, err := p.ownerOf(ctx, m.Person)
	if err != nil {
		return err
	}
	if m.Channel == notice.SMS {
		if err := p.inbox.add(o.Login, m); err != nil {
			return err
		}
	}
	p.tell(o.Login)
	return nil
}

// Owners lists whose phones there are.
func (p *Phone) Owners() []party.Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]party.Person, len(p.owners))
	for i, o := range p.owners {
		out[i] = party.Person{ID: o.Person, FirstName: o.FirstName, LastName: o.LastName, Login: o.Login, Phone: o.Number, Language: o.Language, UsesApp: o.Device != ""}
	}
	return out
}

// Messages are the messages of an owner, newest first.
func (p *Phone) Messages(login string) ([]notice.Message, error) {
	if _, err := p.owner(login); err != nil {
		return nil, err
	}
	return p.inbox.of(login), nil
}

// AwaitCode has a code sent to an owner and waits for it. What came before send
// is not looked at: two codes of one instant of a frozen clock are told apart by
// their order alone.
func (p *Phone) AwaitCode(ctx context.Context, login string, send func(context.Context) error) (string, error) {
	before, err := p.newest(login)
	if err != nil {
		return "", err
	}
	if err := send(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for {
		news := p.listen(login) // before looking, or what comes in between is missed
		messages, err := p.Messages(login)
		if err != nil && bank.CodeOf(err) != bank.NotFound {
			return "", err
		}
		for _, m := range messages {
			if m.ID == before {
				break
			}
			if code := codeIn(m.Text); code != "" {
				return code, nil
			}
		}
		select {
		case <-news:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// newest is the id of an owner's newest message, "" when there is none yet, as
// for those who came later and have had no message.
func (p *Phone) newest(login string) (string, error) {
	messages, err := p.Messages(login)
	if bank.CodeOf(err) == bank.NotFound {
		return "", nil
	}
	if err != nil || len(messages) == 0 {
		return "", err
	}
	return messages[0].ID, nil
}

// Approvals are the challenges that wait for an owner, newest first, and then
// those answered on this phone since the program started.
func (p *Phone) Approvals(ctx context.Context, login string) (waiting, answered []sca.Challenge, err error) {
	o, err := p.owner(login)
	if err != nil || o.Device == "" {
		return nil, nil, err
	}
	if waiting, err = p.cfg.App.WaitingApprovals(ctx, o.Device); err != nil {
		return nil, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return waiting, slices.Clone(p.answered[login]), nil
}

// ErrNotDone wraps the reason why an approved operation was not carried out.
var ErrNotDone = errors.New("sandbox: approved, but not carried out")

// Answer approves or rejects, signed with the device's key as a mobile
// application would sign it. An error that wraps ErrNotDone comes with a
// challenge that was passed.
func (p *Phone) Answer(ctx context.Context, login string, id sca.ID, approve bool) (sca.Challenge, error) {
	o, err := p.owner(login)
	if err != nil {
		return sca.Challenge{}, err
	}
	if o.Device == "" {
		return sca.Challenge{}, bank.Refuse(bank.FactorMissing, "This phone has no mobile application.")
	}
	waiting, err := p.cfg.App.WaitingApprovals(ctx, o.Device)
	if err != nil {
		return sca.Challenge{}, err
	}
	at := slices.IndexFunc(waiting, func(c sca.Challenge) bool { return c.ID == id })
	if at < 0 {
		return sca.Challenge{}, bank.Refuse(bank.NotFound, "No such approval waits.")
	}
	act, text := p.cfg.App.Reject, p.cfg.RejectionText
	if approve {
		act, text = p.cfg.App.Approve, p.cfg.ApprovalText
	}
	digest := sha256.Sum256(text(waiting[at]))
	signature, err := ecdsa.SignASN1(rand.Reader, o.key, digest[:])
	if err != nil {
		return sca.Challenge{}, fmt.Errorf("sandbox: signing with %s: %w", o.Device, err)
	}
	c, err := act(ctx, id, o.Device, signature)
	if err != nil {
		return c, err
	}
	p.remember(login, c)
	then := p.cfg.Refused
	if approve {
		then = p.cfg.Confirmed
	}
	if then != nil {
		if err := then(ctx, c); err != nil {
			return c, fmt.Errorf("%w: %w", ErrNotDone, err)
		}
	}
	return c, nil
}

func (p *Phone) remember(login string, c sca.Challenge) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := append([]sca.Challenge{c}, p.answered[login]...)
	p.answered[login] = kept[:min(len(kept), p.cfg.Keep)]
}

// owner finds a phone by its owner's login.
func (p *Phone) owner(login string) (Owner, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.owners {
		if o.Login == login {
			return o, nil
		}
	}
	return Owner{}, bank.Refuse(bank.NotFound, "Nobody with this login has a made-up phone.")
}

// ownerOf finds a phone by its person, and gives one to whoever came into the
// bank later.
func (p *Phone) ownerOf(ctx context.Context, id party.PersonID) (Owner, error) {
	p.mu.Lock()
	at := slices.IndexFunc(p.owners, func(o Owner) bool { return o.Person == id })
	if at >= 0 {
		defer p.mu.Unlock()
		return p.owners[at], nil
	}
	p.mu.Unlock()
	if p.cfg.People == nil {
		return Owner{}, notify.Final(fmt.Errorf("sandbox: no phone of person %s", id))
	}
	person, err := p.cfg.People.Person(ctx, id)
	if err != nil {
		return Owner{}, fmt.Errorf("sandbox: phone of person %s: %w", id, err)
	}
	o := Owner{Person: id, Login: person.Login, FirstName: person.FirstName, LastName: person.LastName, Number: person.Phone, Language: person.Language}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.ContainsFunc(p.owners, func(o Owner) bool { return o.Person == id }) {
		p.owners = append(p.owners, o)
	}
	return o, nil
}

// listen returns a channel that is closed when something arrives after this
// call. Whoever waits listens first and looks afterwards.
func (p *Phone) listen(login string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.news[login]
	if !ok {
		c = make(chan struct{})
		p.news[login] = c
	}
	return c
}

func (p *Phone) tell(login string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.news[login]; ok {
		close(c)
		delete(p.news, login)
	}
}
