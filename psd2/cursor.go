package psd2

// cursorKeyBytes is the least length of the key that seals cursors.
const cursorKeyBytes = 32
