//go:build race

package document

// raceDetector makes everything ten times slower, so times say nothing.
const raceDetector = true
