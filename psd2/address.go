package psd2

import "strings"

// The unstructured form of name and address, which both forms and Elixir share:
// four lines of 35 characters (psd2 §2.4).
const (
	addressLines = 4
	addressLine  = 35
)

// NameAddress is a name with an address in that form.
func NameAddress(name, address string) []string {
	out := append(Lines(name), Lines(address)...)
	return out[:min(len(out), addressLines)]
}

// Lines breaks a text into lines, between words where it can.
func Lines(text string) []string {
	out := []string{}
	line := ""
	for _, word := range strings.Fields(text) {
		for word != "" {
			switch room := addressLine - len([]rune(line)); {
			case line == "":
				line = Shortened(word, addressLine)
				word = word[len(line):]
			case len([]rune(word)) < room:
				line, word = line+" "+word, ""
			default:
				out, line = append(out, line), ""
			}
		}
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

// Shortened cuts a text to n characters.
func Shortened(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
