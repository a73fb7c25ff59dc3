//go:build race

package opinion

const raceDetector = true
