package wire

// Word pairs a word of the core with a form's spelling of it.
type Word[T ~string] struct {
	Inside T
	Wire   string
}

// Spell spells a word, "" for what has no spelling.
func Spell[T ~string](words []Word[T], inside T) string {
	for _, w := range words {
		if w.Inside == inside {
			return w.Wire
		}
	}
	return ""
}

// Inside reads a word, to the letter.
func Inside[T ~string](words []Word[T], wire string) (T, bool) {
	for _, w := range words {
		if w.Wire == wire {
			return w.Inside, true
		}
	}
	return "", false
}

// Pair pairs a word with its spelling.
func Pair[T ~string](inside T, wire string) Word[T] { return Word[T]{inside, wire} }
