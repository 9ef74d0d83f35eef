# Waits until whoever started it is gone, then ends the server over folder $1,
# if it still runs, and removes the folder. Standard input is a pipe that nobody
# writes to: it ends when the last process that holds its other end ends.
dir=$1
read -r _ || :

# pid prints the server's process id as long as it runs; the look at its working
# folder keeps us from ending a stranger who has the number now.
pid() {
	[ -r "$dir/data/postmaster.pid" ] || return 1
	read -r server <"$dir/data/postmaster.pid" || return 1
	[ "/proc/$server/cwd" -ef "$dir/data" ] && printf '%s' "$server"
}

for try in 1 2 3 4 5 6 7 8 9 10; do
	server=$(pid) || break
	if [ "$try" -lt 9 ]; then
		kill -QUIT "$server" # an immediate end: nothing is saved, nobody will ask for it
	else
		kill -KILL "$server"
	fi
	sleep 0.3
done 2>/dev/null
umount "$dir/data" 2>/dev/null # only a small disk of its own is one
rm -rf "$dir"
