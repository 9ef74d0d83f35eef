package party

import "context"

// ActsFor is one customer for whom a person may act.
type ActsFor struct {
	Customer       Customer
	Representation Representation // of an individual: the person's own, as Owner
}

// Register knows customers and persons.
type Register interface {
	// Person finds one; a NotFound refusal when there is none.
	Person(ctx context.Context, id PersonID) (Person, error)
	// Customer finds one; a NotFound refusal when there is none.
	Customer(ctx context.Context, id CustomerID) (Customer, error)
	// ActsFor lists the customers for whom a person may act or might have acted;
	// the caller asks each Representation whether it is valid now. A person's own
	// individual customer comes first.
	ActsFor(ctx context.Context, id PersonID) ([]ActsFor, error)

	// PersonByPESEL tells whose number it is; a NotFound refusal when it is
	// nobody's here.
	PersonByPESEL(ctx context.Context, number PESEL) (PersonID, error)
	// CompaniesByNIP and CompaniesByREGON list the customers that are no
	// individuals and have the number. No number is promised to be one company's.
	CompaniesByNIP(ctx context.Context, number NIP) ([]CustomerID, error)
	CompaniesByREGON(ctx context.Context, number REGON) ([]CustomerID, error)
}
