package mbank

func (d *Door) authRoutes() []route    { return nil }
func (d *Door) readingRoutes() []route { return nil }
func (d *Door) fundsRoutes() []route   { return nil }
func (d *Door) registerRoute() *route  { return &route{} }

// paymentRoutes are those of payments.go: remove this line when they are there.
func (d *Door) paymentRoutes() []route { return nil }
