package crash

import "strings"

// call is one system call of a trace. Begin and end are its lines: what others
// did in between stands between them.
type call struct {
	begin, end int
	name, of   string // of is the file or connection, as strace decodes it
	text       string // all other arguments
	back       string // what came back
}

func (c *call) writes() bool {
	switch c.name {
	case "write", "writev", "pwrite64", "pwritev":
		return c.moved()
	}
	return false
}

// moved tells whether the call moved any bytes.
func (c *call) moved() bool { return c.back != "" && c.back[0] >= '1' && c.back[0] <= '9' }

// on tells whether the call is on the connection of a caller.
func (c *call) on(caller string) bool {
	return strings.HasPrefix(c.of, "TCP:") && strings.HasSuffix(c.of, "->"+caller+"]")
}

// readTrace joins the halves of calls that others interrupt. A call that never
// came back is left out.
func readTrace(text string) []call {
	var calls []call
	open := map[string]call{} // by thread
	for n, line := range strings.Split(text, "\n") {
		thread, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimLeft(rest, " ")
		if _, resumed, ok := strings.Cut(rest, " resumed>"); ok && strings.HasPrefix(rest, "<... ") {
			if c, had := open[thread]; had {
				delete(open, thread)
				c.end, c.text = n, c.text+resumed
				calls = append(calls, c.ended())
			}
			continue
		}
		name, arguments, ok := strings.Cut(rest, "(")
		if !ok || strings.HasPrefix(rest, "---") || strings.HasPrefix(rest, "+++") {
			continue // a signal, an exit
		}
		c := call{begin: n, end: n, name: name}
		c.of, c.text = decoded(arguments)
		if before, ok := strings.CutSuffix(c.text, "<unfinished ...>"); ok {
			c.text = before
			open[thread] = c
			continue
		}
		calls = append(calls, c.ended())
	}
	return calls
}

// decoded takes what strace tells of a descriptor, as in 9</srv/bank.db-wal> or
// 22<TCP:[127.0.0.1:1->127.0.0.1:2]>, off the arguments.
func decoded(arguments string) (of, rest string) {
	_, arguments, ok := strings.Cut(arguments, "<")
	if !ok {
		return "", arguments
	}
	for i := range len(arguments) - 1 {
		if arguments[i] == '>' && strings.IndexByte(",) ", arguments[i+1]) >= 0 {
			return arguments[:i], arguments[i+1:]
		}
	}
	return "", arguments
}

func (c call) ended() call {
	if at := strings.LastIndex(c.text, " = "); at >= 0 {
		c.back = strings.TrimSpace(c.text[at+3:])
	}
	return c
}
