package app

func (a *App) serveAPI() {}
