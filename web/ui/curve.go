package ui

import (
	"fmt"
	"math/bits"
	"strings"

	"okienko/bank/money"
)

// The curve is drawn on a grid of curveWidth × curveHeight units and stretched by
// the style sheet; the line keeps its width.
const (
	curveWidth  = 1000
	curveHeight = 240
	curveMargin = 8 // so that the line is not cut at the edges
)

// Curve is a balance over time, ready for an SVG path. The balance stands still
// between movements, so the line goes in steps and never slopes.
type Curve struct {
	Line, Area string // path data
	Zero       int    // y of the zero line; -1 when the balance never crosses it
	High, Low  money.Amount
	First      BalancePoint
	Last       BalancePoint
}

// drawCurve returns nil when there is nothing to draw. Zero is always in the
// picture, and the area stands on it: a curve that began at its own lowest point
// would make a small change look like a ruin.
func drawCurve(points []BalancePoint) *Curve {
	if len(points) < 2 {
		return nil
	}
	c := &Curve{First: points[0], Last: points[len(points)-1], Zero: -1}
	c.High, c.Low = points[0].Balance, points[0].Balance
	for _, p := range points {
		if p.Balance.Minor() > c.High.Minor() {
			c.High = p.Balance
		}
		if p.Balance.Minor() < c.Low.Minor() {
			c.Low = p.Balance
		}
	}
	top, bottom := max(c.High.Minor(), 0), min(c.Low.Minor(), 0)
	y := func(minor int64) int {
		const room = curveHeight - 2*curveMargin
		span := uint64(top) - uint64(bottom) // exact modulo 2^64, and not negative
		if span == 0 {
			return curveHeight - curveMargin
		}
		return curveHeight - curveMargin - int(scale(uint64(minor)-uint64(bottom), span, room))
	}
	if c.Low.IsNegative() && !c.High.IsNegative() {
		c.Zero = y(0)
	}
	var b strings.Builder
	for i, p := range points {
		x := i * curveWidth / (len(points) - 1)
		if i == 0 {
			fmt.Fprintf(&b, "M0 %d", y(p.Balance.Minor()))
			continue
		}
		fmt.Fprintf(&b, "H%dV%d", x, y(p.Balance.Minor()))
	}
	c.Line = b.String()
	c.Area = fmt.Sprintf("%sV%dH0Z", c.Line, y(0))
	return c
}

// share is used/most in thousandths for a bar, between 0 and 1000.
func share(used, most money.Amount) int {
	if !used.IsPositive() || !most.IsPositive() {
		return 0
	}
	return int(scale(uint64(used.Minor()), uint64(most.Minor()), 1000))
}

// scale returns part·to/whole without overflow; no more than to.
func scale(part, whole, to uint64) uint64 {
	if part >= whole {
		return to
	}
	hi, lo := bits.Mul64(part, to)
	q, _ := bits.Div64(hi, lo, whole) // part < whole, so hi < whole and Div64 does not panic
	return q
}
