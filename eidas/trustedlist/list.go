package trustedlist

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"okienko/bank"
	"okienko/eidas"
)

// Settings of reading.
type Settings struct {
	Signers     []*x509.Certificate // who may have signed the list: from the list of lists, or handed over by the bank's staff
	Environment eidas.Environment   // what the issuers count for
	Clock       bank.Clock
}

// List is what a trusted list gives.
type List struct {
	Territory  string // "PL"
	Sequence   int    // grows with every issue; a caller that has seen a higher one is being fed an old list
	Issued     time.Time
	NextUpdate time.Time
	Issuers    []eidas.Issuer
	Skipped    []Skipped
}

// Skipped is a service that issues qualified certificates and was left out.
type Skipped struct {
	Service string
	Why     string
}

// Identifiers of ETSI TS 119 612, 5.5 and annex D.
const (
	typeCAQC      = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
	statusGranted = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
	forWebSites   = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForWebSiteAuthentication"
	forSeals      = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSeals"
	notQualified  = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/NotQualified"
)

// The XML, as far as it is read. The namespace is that of the schema of ETSI TS 119 612.
type statusList struct {
	XMLName xml.Name `xml:"http://uri.etsi.org/02231/v2# TrustServiceStatusList"`
	Scheme  struct {
		Sequence   int    `xml:"TSLSequenceNumber"`
		Territory  string `xml:"SchemeTerritory"`
		Issued     string `xml:"ListIssueDateTime"`
		NextUpdate string `xml:"NextUpdate>dateTime"`
	} `xml:"http://uri.etsi.org/02231/v2# SchemeInformation"`
	Services []service `xml:"TrustServiceProviderList>TrustServiceProvider>TSPServices>TSPService>ServiceInformation"`
}

type service struct {
	Type       string      `xml:"ServiceTypeIdentifier"`
	Names      []string    `xml:"ServiceName>Name"`
	Identities []identity  `xml:"ServiceDigitalIdentity>DigitalId"`
	Status     string      `xml:"ServiceStatus"`
	Since      string      `xml:"StatusStartingTime"`
	Extensions []extension `xml:"ServiceInformationExtensions>Extension"`
}

type identity struct {
	Certificate string `xml:"X509Certificate"`
}

type extension struct {
	Critical   bool     `xml:"Critical,attr"`
	Additional []string `xml:"AdditionalServiceInformation>URI"`
	Qualifiers []struct {
		URI string `xml:"uri,attr"`
	} `xml:"Qualifications>QualificationElement>Qualifiers>Qualifier"`
	All []struct {
		XMLName xml.Name
	} `xml:",any"`
}

// Read checks the signature of a list and takes the issuers out of it. A list whose next issue is overdue is refused: it
// may hide that a service has lost its status.
func Read(text []byte, s Settings) (List, error) {
	list, err := read(text, s)
	if err != nil {
		return List{}, fmt.Errorf("trustedlist: %w", err)
	}
	return list, nil
}

func read(text []byte, s Settings) (List, error) {
	if len(s.Signers) == 0 || s.Clock == nil || s.Environment == "" {
		return List{}, errors.New("no signer, clock or environment")
	}
	now := s.Clock.Now()
	signed, err := verified(text, s.Signers, now)
	if err != nil {
		return List{}, err
	}
	var x statusList
	if err := xml.Unmarshal(signed, &x); err != nil {
		return List{}, err
	}
	list := List{Territory: strings.TrimSpace(x.Scheme.Territory), Sequence: x.Scheme.Sequence}
	if list.Issued, err = instant(x.Scheme.Issued); err != nil {
		return List{}, fmt.Errorf("ListIssueDateTime: %w", err)
	}
	if list.NextUpdate, err = instant(x.Scheme.NextUpdate); err != nil {
		return List{}, fmt.Errorf("NextUpdate: %w", err) // an empty one closes the scheme: 5.3.15
	}
	if now.After(list.NextUpdate) {
		return List{}, fmt.Errorf("the next issue was due at %s", list.NextUpdate)
	}
	for i := range x.Services {
		list.take(&x.Services[i], s.Environment, now)
	}
	return list, nil
}

func instant(text string) (time.Time, error) {
	return time.Parse(time.RFC3339, strings.TrimSpace(text))
}

func (l *List) take(s *service, env eidas.Environment, now time.Time) {
	if strings.TrimSpace(s.Type) != typeCAQC {
		return
	}
	types, why := s.types(now)
	var certificates []*x509.Certificate
	if why == "" {
		certificates, why = s.authorities(env)
	}
	if why != "" {
		l.Skipped = append(l.Skipped, Skipped{Service: s.name(), Why: why})
	}
	for _, c := range certificates {
		l.Issuers = append(l.Issuers, eidas.Issuer{Certificate: c, Environment: env, Types: types})
	}
}

func (s *service) name() string {
	if len(s.Names) == 0 {
		return "a service without a name"
	}
	return strings.TrimSpace(s.Names[0])
}

// types tells what a service may issue, or why nothing.
func (s *service) types(now time.Time) (types []eidas.Type, why string) {
	since, err := instant(s.Since)
	switch {
	case strings.TrimSpace(s.Status) != statusGranted:
		return nil, "not granted: " + strings.TrimSpace(s.Status)
	case err != nil || since.After(now):
		return nil, "granted from " + strings.TrimSpace(s.Since)
	}
	for i := range s.Extensions {
		e := &s.Extensions[i]
		if why := e.narrows(); why != "" {
			return nil, why
		}
		for _, uri := range e.Additional {
			switch strings.TrimSpace(uri) {
			case forWebSites:
				types = append(types, eidas.QWAC)
			case forSeals:
				types = append(types, eidas.QSealC)
			}
		}
	}
	if types == nil {
		return nil, "neither for web sites nor for seals"
	}
	return types, ""
}

// narrows tells why an extension makes the service unusable here. The names of children that were read elsewhere in the
// struct do not turn up in All, so whatever does is unknown or harmless.
func (e *extension) narrows() string {
	for _, q := range e.Qualifiers {
		if strings.TrimSpace(q.URI) == notQualified {
			return "some of its certificates are not qualified"
		}
	}
	for _, child := range e.All {
		harmless := slices.Contains([]string{"TakenOverBy", "ExpiredCertsRevocationInfo"}, child.XMLName.Local)
		if e.Critical && !harmless {
			return "unknown critical extension " + child.XMLName.Local
		}
	}
	return ""
}

func (s *service) authorities(env eidas.Environment) (list []*x509.Certificate, why string) {
	for _, id := range s.Identities {
		if id.Certificate == "" {
			continue // the same key again as a name or an identifier
		}
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(id.Certificate), ""))
		if err != nil {
			return nil, "its certificate is not base64"
		}
		c, err := x509.ParseCertificate(der)
		switch {
		case err != nil:
			return nil, "its certificate cannot be read: " + err.Error()
		case !c.IsCA || !c.BasicConstraintsValid:
			return nil, "its certificate is not that of an authority"
		case env == eidas.Production && eidas.MadeBySandbox(c):
			return nil, "made by a sandbox"
		}
		list = append(list, c)
	}
	if list == nil {
		return nil, "no certificate"
	}
	return list, ""
}
