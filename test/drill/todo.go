package main

import "context"

func powerCut(ctx context.Context, l *lab, rounds int, r *result)   {}
func synced(ctx context.Context, l *lab, rounds int, r *result)     {}
func diskFull(ctx context.Context, l *lab, rounds int, r *result)   {}
func damagedWAL(ctx context.Context, l *lab, rounds int, r *result) {}
func flipped(ctx context.Context, l *lab, rounds int, r *result)    {}
func processes(ctx context.Context, l *lab, rounds int, r *result)  {}
