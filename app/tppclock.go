package app

import "time"

func (c *tppCall) until(days int) time.Time { return time.Unix(0, 0).AddDate(60, 0, days) }
