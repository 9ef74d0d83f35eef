package sandbox

import "strings"

// The tables of names. Nobody in them is anybody; shops and firms are made up,
// because a sandbox must not put words into a real firm's mouth.

type surname struct{ male, female string }

func maleNames() []string {
	return []string{"Adam", "Andrzej", "Bartosz", "Dawid", "Filip", "Grzegorz", "Jakub", "Jerzy", "Kacper", "Kamil", "Krzysztof", "Łukasz",
		"Maciej", "Mateusz", "Michał", "Mikołaj", "Paweł", "Rafał", "Robert", "Stanisław", "Szymon", "Wojciech", "Zbigniew", "Ignacy"}
}

func femaleNames() []string {
	return []string{"Agata", "Agnieszka", "Aleksandra", "Barbara", "Beata", "Dorota", "Elżbieta", "Emilia", "Gabriela", "Hanna", "Irena", "Joanna",
		"Julia", "Karolina", "Krystyna", "Magdalena", "Małgorzata", "Monika", "Natalia", "Oliwia", "Patrycja", "Renata", "Teresa", "Weronika"}
}

func surnames() []surname {
	var out []surname
	// These have a form for each sex, those below one for both.
	for _, stem := range []string{"Jankow", "Wiśniew", "Kowalew", "Grabow", "Pawłow", "Michal", "Jabłoń", "Majew", "Olszew", "Malinow",
		"Witkow", "Rutkow", "Sikor", "Ostrow", "Tomaszew", "Zalew", "Wróblew", "Lipiń", "Sadow", "Borkow"} {
		out = append(out, surname{stem + "ski", stem + "ska"})
	}
	for _, stem := range []string{"Sawi", "Krzywi", "Górni", "Rudni", "Jasi"} {
		out = append(out, surname{stem + "cki", stem + "cka"})
	}
	for _, same := range []string{"Adamczyk", "Baran", "Czarnota", "Duda", "Gajda", "Kaczmarek", "Kołodziej", "Krawczyk", "Mazurek", "Pietrzak", "Sowa", "Stępień", "Wrona", "Zięba"} {
		out = append(out, surname{same, same})
	}
	return out
}

type town struct{ name, post string } // post: the first three digits of a postal code

func towns() []town {
	return []town{{"Warszawa", "02-6"}, {"Kraków", "31-1"}, {"Łódź", "90-3"}, {"Wrocław", "50-2"}, {"Poznań", "61-7"}, {"Gdańsk", "80-4"},
		{"Szczecin", "70-5"}, {"Lublin", "20-3"}, {"Katowice", "40-1"}, {"Białystok", "15-2"}, {"Toruń", "87-1"}, {"Rzeszów", "35-2"}}
}

func streets() []string {
	return []string{"Lipowa", "Ogrodowa", "Słoneczna", "Polna", "Krótka", "Szkolna", "Kwiatowa", "Leśna", "Różana", "Łąkowa", "Zielona", "Młyńska", "Brzozowa", "Wiśniowa", "Parkowa"}
}

// shop is where cards pay.
type shop struct {
	name      string
	low, high int64 // whole zlotys
}

func shops() []shop {
	return []shop{
		{"Sklep Spożywczy u Basi", 8, 90}, {"Delikatesy Pod Kasztanem", 25, 210}, {"Piekarnia Złoty Kłos", 4, 32},
		{"Warzywniak Marchewka", 6, 48}, {"Apteka Pod Lipą", 9, 140}, {"Stacja Paliw Zakręt", 60, 320},
		{"Bar Mleczny Kubuś", 14, 38}, {"Pizzeria Trzy Sery", 29, 95}, {"Księgarnia Zakładka", 20, 120},
		{"Drogeria Mydlarnia", 12, 110}, {"Kino Zorza", 22, 74}, {"Bilety Miejskie", 4, 30}, {"Sklep Obuwniczy Kroczek", 99, 340},
		{"Market Budowlany Cegiełka", 18, 260}, {"Kwiaciarnia Stokrotka", 25, 90}, {"Sklep Sportowy Meta", 39, 290},
	}
}

func employers() []string {
	return []string{"Fabryka Mebli Dębina sp. z o.o.", "Zakłady Tkackie Nitka S.A.", "Szpital Miejski Pod Wierzbami", "Szkoła Podstawowa nr 904",
		"Biuro Rachunkowe Saldo sp. z o.o.", "Przewozy Kolejarz S.A.", "Pracownia Oprogramowania Pętla sp. z o.o.", "Hurtownia Kartonik sp. z o.o.", "Urząd Gminy Przykładowo"}
}

func suppliers() []string {
	return []string{"Hurtownia Kartonik sp. z o.o.", "Palarnia Ziarenko sp. z o.o.", "Biuro Rachunkowe Saldo sp. z o.o.", "Serwis Maszyn Trybik sp. z o.o.",
		"Mleczarnia Zielone Wzgórze S.A.", "Drukarnia Kleks sp. z o.o.", "Agencja Reklamowa Dymek sp. z o.o."}
}

func landlords() []string {
	return []string{"Spółdzielnia Mieszkaniowa Zacisze", "Wspólnota Mieszkaniowa Ogrodowa 7", "Zarządca Nieruchomości Klucz sp. z o.o."}
}

func clients() []string {
	return []string{"Drukarnia Kleks sp. z o.o.", "Hotel Pod Sosnami S.A.", "Gabinet Stomatologiczny Ząbek", "Pensjonat Bryza", "Szkoła Językowa Polyglot sp. z o.o.",
		"Warsztat Samochodowy Klin", "Zakład Cukierniczy Pączek sp. z o.o.", "Przychodnia Zdrowie sp. z o.o."}
}

// ascii is a name as it stands in a login.
func ascii(s string) string {
	return strings.NewReplacer("ą", "a", "ć", "c", "ę", "e", "ł", "l", "ń", "n", "ó", "o", "ś", "s", "ź", "z", "ż", "z", " ", "-").Replace(strings.ToLower(s))
}
