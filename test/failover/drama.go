package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

// drama is one run: what happens, in which order, and what is told of it.
type drama struct {
	options
	cluster *cluster
	out     io.Writer
}

func (d *drama) say(format string, args ...any) {
	fmt.Fprintf(d.out, time.Now().Format("15:04:05.000")+"  "+format+"\n", args...)
}

const (
	quiet    = 5 * time.Second  // of undisturbed load between events
	patience = 90 * time.Second // until callers must be served again
)

// event lets something happen and waits until callers have been served again
// for a while. No member may stay so long without an answer that a bank's
// callers would turn away.
func (d *drama) event(ctx context.Context, r *record, what string, happens func() error) error {
	before, from := r.unanswered(), time.Now()
	if err := happens(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	took := time.Since(from)
	if err := sleep(ctx, quiet); err != nil {
		return err
	}
	served := func() error {
		if r.since(time.Now().Add(-quiet)) < callerCount*5 {
			return errors.New("hardly anybody is served")
		}
		if gap, ended := r.gap(time.Now().Add(-quiet)); ended.IsZero() || gap > quiet/2 {
			return errors.New("nobody is served")
		}
		return nil
	}
	err := until(ctx, patience, what, served)
	gap, _ := r.gap(from)
	line := fmt.Sprintf("%s: longest time without an acknowledgement %.1f s; unanswered attempts: %s", what, gap.Seconds(), r.unansweredSince(before))
	if took > 2*time.Second {
		line += fmt.Sprintf(" (it took %.1f s to happen)", took.Seconds())
	}
	d.say("%s", line)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// primaryGoes takes the primary away, one way or another, and says who leads
// afterwards.
func (d *drama) primaryGoes(ctx context.Context, r *record, how string, goes func(*member) error) (*member, error) {
	gone, err := d.cluster.leader(ctx)
	if err != nil {
		return nil, err
	}
	at := time.Now()
	left := false // nobody was primary for a moment, so it may be the same one again
	next := make(chan string, 1)
	go func() {
		err := until(ctx, 2*patience, "another primary", func() error {
			m, err := d.cluster.leader(ctx)
			if err == nil && m == gone && !left {
				err = errors.New("it is primary still")
			}
			left = left || m == nil
			if err == nil {
				next <- fmt.Sprintf("%s is primary %.1f s later", m.name, time.Since(at).Seconds())
			}
			return err
		})
		if err != nil {
			next <- err.Error()
		}
	}()
	if err := d.event(ctx, r, fmt.Sprintf("%s of the primary's machine (%s)", how, gone.name), func() error { return goes(gone) }); err != nil {
		return gone, errors.Join(err, errors.New(<-next))
	}
	d.say("  %s", <-next)
	return gone, nil
}

// clusterAlone plays the members' part without the bank.
func (d *drama) clusterAlone(ctx context.Context) error {
	if err := errors.Join(d.cluster.start(ctx), d.cluster.database(ctx)); err != nil {
		return err
	}
	if d.options.database == "haproxy" {
		if err := d.databaseProxy("127.0.2.11"); err != nil {
			return err
		}
	}
	r := newRecord()
	stop, err := d.rows(ctx, r)
	if err != nil {
		return err
	}
	err = d.members(ctx, r)
	stop()
	for _, f := range r.faults {
		d.say("fault: %v", f)
	}
	return errors.Join(err, d.rowsKept(ctx, r))
}

// members is what happens to the members, under any load.
func (d *drama) members(ctx context.Context, r *record) error {
	if err := sleep(ctx, quiet); err != nil {
		return err
	}
	gone, err := d.primaryGoes(ctx, r, "kill -9", (*member).kill)
	if err != nil {
		return err
	}
	err = d.event(ctx, r, gone.name+" comes back as a standby", func() error {
		return errors.Join(gone.start(), d.cluster.whole(ctx, time.Minute))
	})
	if err != nil {
		return err
	}
	return d.silence(ctx, r)
}

// play is the whole of it.
func (d *drama) play(ctx context.Context) (err error) {
	b, err := d.newBank()
	if err != nil {
		return err
	}
	defer b.gateway.Close()
	began := time.Now()
	if err := errors.Join(d.cluster.start(ctx), d.cluster.database(ctx)); err != nil {
		return err
	}
	if err := b.open(ctx); err != nil {
		return err
	}
	secret, err := b.firstDay(ctx)
	if err != nil {
		return err
	}
	if err := b.pair(ctx, secret); err != nil {
		return err
	}
	d.say("three members, two nodes and a paired customer after %.0f s", time.Since(began).Seconds())
	r := newRecord()
	stop := b.orders(ctx, r, callerCount)
	err = d.acts(ctx, b, r)
	stop()
	if err == nil {
		// One caller: the repeat of its operation must be alone in its batch.
		stop = b.orders(ctx, r, 1)
		err = d.alone(ctx, r)
		stop()
	}
	return errors.Join(err, b.close(ctx, r))
}

// acts is what happens to the bank.
func (d *drama) acts(ctx context.Context, b *bank, r *record) error {
	if err := sleep(ctx, quiet); err != nil {
		return err
	}
	gone, err := d.primaryGoes(ctx, r, "kill -9", (*member).kill)
	if err != nil {
		return err
	}
	first := b.nodes[0]
	if err := d.event(ctx, r, "kill -9 of "+first.name, first.kill); err != nil {
		return err
	}
	err = d.event(ctx, r, fmt.Sprintf("%s and %s come back", gone.name, first.name), func() error {
		return errors.Join(gone.start(), first.start(), first.ready(ctx), d.cluster.whole(ctx, time.Minute))
	})
	if err != nil {
		return err
	}
	if err := d.silence(ctx, r); err != nil {
		return err
	}
	return d.event(ctx, r, b.nodes[1].name+" stands still for 15 s", func() error {
		return errors.Join(b.nodes[1].signal(syscall.SIGSTOP, ""), sleep(ctx, 15*time.Second), b.nodes[1].signal(syscall.SIGCONT, ""))
	})
}

// silence is the machine that is gone without a word, which no kill -9 shows:
// the kernel of a killed program still says goodbye for it.
func (d *drama) silence(ctx context.Context, r *record) error {
	gone, err := d.primaryGoes(ctx, r, "power cut (no packet comes or goes)", func(m *member) error { return m.vanish(ctx) })
	if err != nil {
		return err
	}
	return d.event(ctx, r, gone.name+" is repaired", func() error {
		return errors.Join(gone.kill(), gone.cable(ctx), gone.start(), d.cluster.whole(ctx, time.Minute))
	})
}

// alone is the worst that can come: what the primary commits reaches no
// standby, for longer than any node waits, and then it dies with all that only
// it has. Whatever was acknowledged meanwhile is lost; so nothing may be. A
// commit that waits for a standby can be cancelled, and then everybody sees what
// only one disk has: a node that gives up must not cancel, and the repeat of an
// operation must not be answered by what a single disk says.
func (d *drama) alone(ctx context.Context, r *record) error {
	_, err := d.primaryGoes(ctx, r, fmt.Sprintf("replication stands still for %s, and then kill -9", stall), func(primary *member) error {
		var standbys []*member
		for _, m := range d.cluster.members {
			if m != primary {
				standbys = append(standbys, m)
				if err := m.patroni.signal(syscall.SIGSTOP, "walreceiver"); err != nil {
					return err
				}
			}
		}
		from := time.Now()
		if err := sleep(ctx, stall); err != nil {
			return err
		}
		d.say("  acknowledged while no standby had it: %d", r.since(from.Add(time.Second))) // a moment for what was on its way
		err := primary.kill()
		for _, m := range standbys {
			err = errors.Join(err, m.patroni.signal(syscall.SIGCONT, "walreceiver"))
		}
		if err != nil {
			return err
		}
		// Had Patroni seen the standbys go, then no standby is known to have what was
		// acknowledged, and none may lead: the bank stands still until the one that
		// has it is back.
		err = until(ctx, successor, "a successor", func() error {
			_, err := d.cluster.leader(ctx)
			return err
		})
		if err != nil {
			d.say("  no standby may lead; %s comes back", primary.name)
			return primary.start()
		}
		return nil
	})
	return err
}

const (
	stall     = 40 * time.Second // more than twice what a node waits for a batch
	successor = 30 * time.Second // ttl and a while
)
