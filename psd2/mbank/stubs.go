package mbank

func (d *Door) authRoutes() []route    { return nil }
func (d *Door) readingRoutes() []route { return nil }
func (d *Door) fundsRoutes() []route   { return nil }
func (d *Door) registerRoute() *route  { return &route{} }
