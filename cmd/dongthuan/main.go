// Command dongthuan is the whole platform in one program.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"dongthuan/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
