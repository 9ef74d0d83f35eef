package work

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"okienko/bank/calendar"
	"okienko/bank/service"
)

// tallies is a book that refuses until it is mended.
type tallies struct {
	service.Book
	mu     sync.Mutex
	broken bool
	beats  map[service.Channel]int
	kept   []service.Tally
	asked  chan struct{}
}

func (b *tallies) Alive(_ context.Context, c service.Channel, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.beats[c]++
	return nil
}

func (b *tallies) AddTallies(_ context.Context, list []service.Tally) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.asked <- struct{}{}:
	default:
	}
	if b.broken {
		return errors.New("the disk is full")
	}
	b.kept = append(b.kept, list...)
	return nil
}

type at time.Time

func (t at) Now() time.Time { return time.Time(t) }

func TestWhatWasCountedIsKeptOnce(t *testing.T) {
	now := time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC) // past midnight in Warsaw
	book := &tallies{broken: true, beats: map[service.Channel]int{}, asked: make(chan struct{}, 1)}
	r := NewRecorder(RecorderConfig{Book: book, Wall: at(now), Log: slog.New(slog.DiscardHandler), Channels: service.Channels, Every: time.Millisecond})
	r.Count(service.Dedicated, service.Information, false, time.Second)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-book.asked // refused at least once
	r.Count(service.Dedicated, service.Information, true, 2*time.Second)
	book.mu.Lock()
	book.broken = false
	book.mu.Unlock()
	r.Stop()
	var calls, faults int64
	var took time.Duration
	for _, k := range book.kept {
		calls, faults, took = calls+k.Calls, faults+k.Faults, took+k.Took
		if k.Day != (calendar.Date{Year: 2026, Month: time.November, Day: 22}) || k.Channel != service.Dedicated || k.Kind != service.Information {
			t.Errorf("%+v", k)
		}
	}
	if calls != 2 || faults != 1 || took != 3*time.Second {
		t.Errorf("kept %d calls, %d faults, %v", calls, faults, took)
	}
	if book.beats[service.Dedicated] == 0 || book.beats[service.Own] == 0 {
		t.Errorf("beats: %v", book.beats)
	}
}

func TestANodeSpeaksOnlyForWhatItServes(t *testing.T) {
	book := &tallies{beats: map[service.Channel]int{}, asked: make(chan struct{}, 1)}
	r := NewRecorder(RecorderConfig{Book: book, Wall: at(time.Unix(0, 0)), Log: slog.New(slog.DiscardHandler), Channels: []service.Channel{service.Own}})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Stop()
	if book.beats[service.Own] == 0 || book.beats[service.Dedicated] != 0 {
		t.Errorf("beats: %v", book.beats)
	}
}
