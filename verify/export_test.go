package verify

// References names the references that are checked, as "table.column table".
func References() []string {
	var out []string
	for _, r := range references {
		out = append(out, r.table+"."+r.column+" "+r.parent+"."+r.key)
	}
	return out
}
