package words_test

import (
	"testing"
	"time"

	"deepskin/bot/words"
)

func TestForFindsTheLanguage(t *testing.T) {
	for name, test := range map[string]struct {
		preferences []string
		want        string
	}{
		"nothing":               {nil, "en"},
		"nothing said":          {[]string{"", ""}, "en"},
		"a tag":                 {[]string{"fr"}, "fr"},
		"a region":              {[]string{"de-AT"}, "de"},
		"as Telegram writes it": {[]string{"es-mx"}, "es"},
		"an underscore":         {[]string{"nl_BE"}, "nl"},
		"a script":              {[]string{"de-Latn-CH-1996"}, "de"},
		"a header":              {[]string{"", "pt-BR,pt;q=0.9,es;q=0.8,en;q=0.7"}, "es"},
		"weights, not order":    {[]string{"en;q=0.5, nl;q=0.9"}, "nl"},
		"a choice comes first":  {[]string{"fr", "de-DE,de;q=0.9"}, "fr"},
		"an old choice":         {[]string{"ja", "de"}, "de"},
		"a language of others":  {[]string{"ja"}, "en"},
		"a language nobody has": {[]string{"xx-yy"}, "en"},
		"one of them unknown":   {[]string{"xx-yy, fr;q=0.9"}, "fr"},
		"no language at all":    {[]string{"\x00<script>", "*", ";q=1,,", "und"}, "en"},
	} {
		if got := words.For(test.preferences...).Language(); got != test.want {
			t.Errorf("%s: For(%q) speaks %s, want %s", name, test.preferences, got, test.want)
		}
	}
}

func TestEveryLanguageIsItsOwn(t *testing.T) {
	names := map[string]bool{}
	for _, l := range words.Languages {
		if got := words.For(l.Tag).Language(); got != l.Tag {
			t.Errorf("For(%q) speaks %s", l.Tag, got)
		}
		if !words.Speaks(l.Tag) || l.Name == "" || names[l.Name] {
			t.Errorf("%+v is not spoken, or has no name of its own", l)
		}
		names[l.Name] = true
	}
	for _, tag := range []string{"", "FR", "fr-CA", "ja"} {
		if words.Speaks(tag) {
			t.Errorf("Speaks(%q)", tag)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		language, percent, certain, share, wait, one string
	}{
		{"en", "62%", "more than 99%", "about 62", "3 minutes", "1 second"},
		{"fr", "62\u00a0%", "plus de 99\u00a0%", "environ 62", "3 minutes", "1 seconde"},
		{"nl", "62%", "meer dan 99%", "ongeveer 62", "3 minuten", "1 seconde"},
		{"de", "62\u00a0%", "mehr als 99\u00a0%", "etwa 62", "3 Minuten", "1 Sekunde"},
		{"es", "un 62\u00a0%", "más del 99\u00a0%", "alrededor de 62", "3 minutos", "1 segundo"},
	} {
		w := words.For(test.language)
		for _, c := range []struct{ got, want string }{
			{w.Percent(0.62), test.percent},
			{w.Percent(1), test.certain},
			{w.Share(0.62), test.share},
			{w.Roughly(2*time.Minute + time.Second), test.wait},
			{w.Roughly(time.Millisecond), test.one},
		} {
			if c.got != c.want {
				t.Errorf("%s says %q, want %q", test.language, c.got, c.want)
			}
		}
	}
}
