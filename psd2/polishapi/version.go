package polishapi

import "slices"

// Version is a version of the standard. What differs between them is asked of it,
// never of its text (psd2 §1).
type Version string

// The versions that this door speaks.
const (
	V211 Version = "2.1.1"
	V212 Version = "2.1.2"
	V300 Version = "3.0"
)

// Versions lists every version once, oldest first.
var Versions = []Version{V211, V212, V300}

// since tells whether a version is another one or a later one.
func (v Version) since(o Version) bool { return slices.Index(Versions, v) >= slices.Index(Versions, o) }

// idLength is the longest id on the wire.
func (v Version) idLength() int {
	if v.since(V300) {
		return 128
	}
	return 64
}

// Place is where a version is served. The first part of a path is the API's, the
// second the resource's, and a bank raises either by itself (psd2 §2): other banks
// answer at "v2_1.1", or have auth at another revision than accounts.
type Place struct {
	Version Version
	Path    string // "v2_1_1.1"
	// Groups are the second parts of paths that differ from the first, by group:
	// auth, accounts, payments, confirmation.
	Groups map[string]string
}

// Groups are the groups of operations.
var Groups = []string{"auth", "accounts", "payments", "confirmation"}

// at is the path of an operation.
func (p *Place) at(group, operation string) string {
	second := p.Groups[group]
	if second == "" {
		second = p.Path
	}
	return "/" + p.Path + "/" + group + "/" + second + "/" + operation
}

// UsualPlaces are the paths that the standard's own files show.
func UsualPlaces() []Place {
	return []Place{{Version: V211, Path: "v2_1_1.1"}, {Version: V212, Path: "v2_1_2.1"}, {Version: V300, Path: "v3_0.1"}}
}
