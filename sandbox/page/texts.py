"""What the checkout page says, in the languages it speaks."""

_NAMES = (
    "pay", "pay_to", "email", "card", "card_information", "expiry", "cvc", "name_on_card",
    "us_bank_account", "sepa_debit", "account_holder", "routing_number", "account_number", "iban",
    "debit_mandate", "saved", "back", "sandbox", "numbers", "processing", "done", "done_more",
    "expired", "expired_more", "challenge", "challenge_more", "complete", "fail", "quantity",
)  # fmt: skip

_EN = (
    "Pay", "Pay {merchant}", "Email", "Card", "Card information", "MM / YY", "CVC",
    "Cardholder name",
    "US bank account", "SEPA Direct Debit", "Full name", "Routing number", "Account number", "IBAN",
    "By paying you authorize {merchant} to debit your account for the amount shown.",
    "{merchant} will be allowed to charge this payment method again.",
    "Back", "Sandbox: no real money", "Test numbers", "Processing…",
    "You’re all done here", "This payment has already been received. You can close this page.",
    "This checkout session has expired", "Go back to {merchant} and start again.",
    "Authenticate your payment",
    "This stands for your bank’s 3-D Secure page. Does the customer pass?",
    "Complete", "Fail", "Qty {count}",
)  # fmt: skip
_FR = (
    "Payer", "Payer {merchant}", "E-mail", "Carte", "Informations de la carte", "MM / AA", "CVC",
    "Nom du titulaire de la carte",
    "Compte bancaire américain", "Prélèvement SEPA", "Nom complet", "Numéro de routage",
    "Numéro de compte", "IBAN",
    "En payant, vous autorisez {merchant} à débiter votre compte du montant indiqué.",
    "{merchant} pourra débiter de nouveau ce moyen de paiement.",
    "Retour", "Bac à sable : pas d’argent réel", "Numéros de test", "Traitement…",
    "Tout est réglé", "Ce paiement a déjà été reçu. Vous pouvez fermer cette page.",
    "Cette session de paiement a expiré", "Revenez chez {merchant} et recommencez.",
    "Authentifiez votre paiement",
    "Ceci remplace la page 3-D Secure de votre banque. Le client réussit-il ?",
    "Réussir", "Échouer", "Qté {count}",
)  # fmt: skip
_DE = (
    "Bezahlen", "{merchant} bezahlen", "E-Mail", "Karte", "Kartendaten", "MM / JJ", "CVC",
    "Name auf der Karte",
    "US-Bankkonto", "SEPA-Lastschrift", "Vollständiger Name", "Bankleitzahl (Routing)",
    "Kontonummer", "IBAN",
    "Mit der Zahlung ermächtigen Sie {merchant}, Ihr Konto mit dem angezeigten Betrag zu belasten.",
    "{merchant} darf diese Zahlungsmethode künftig erneut belasten.",
    "Zurück", "Testumgebung: kein echtes Geld", "Testnummern", "Wird verarbeitet…",
    "Hier ist alles erledigt",
    "Diese Zahlung ist bereits eingegangen. Sie können die Seite schließen.",
    "Diese Bezahlsitzung ist abgelaufen",
    "Kehren Sie zu {merchant} zurück und beginnen Sie von vorn.",
    "Zahlung authentifizieren",
    "Dies steht für die 3-D-Secure-Seite Ihrer Bank. Besteht der Kunde die Prüfung?",
    "Bestehen", "Scheitern", "Menge {count}",
)  # fmt: skip
_ES = (
    "Pagar", "Pagar a {merchant}", "Correo electrónico", "Tarjeta", "Información de la tarjeta",
    "MM / AA", "CVC", "Nombre del titular de la tarjeta",
    "Cuenta bancaria de EE. UU.", "Adeudo directo SEPA", "Nombre completo", "Número de ruta",
    "Número de cuenta", "IBAN",
    "Al pagar, autorizas a {merchant} a cargar en tu cuenta el importe indicado.",
    "{merchant} podrá volver a cobrar con este método de pago.",
    "Volver", "Entorno de prueba: sin dinero real", "Números de prueba", "Procesando…",
    "Ya está todo listo", "Este pago ya se ha recibido. Puedes cerrar esta página.",
    "Esta sesión de pago ha caducado", "Vuelve a {merchant} y empieza de nuevo.",
    "Autentica tu pago",
    "Esto representa la página 3-D Secure de tu banco. ¿La supera el cliente?",
    "Superar", "Fallar", "Cant. {count}",
)  # fmt: skip
_NL = (
    "Betalen", "{merchant} betalen", "E-mail", "Kaart", "Kaartgegevens", "MM / JJ", "CVC",
    "Naam op de kaart",
    "Amerikaanse bankrekening", "SEPA-incasso", "Volledige naam", "Routingnummer",
    "Rekeningnummer", "IBAN",
    "Door te betalen machtig je {merchant} om het getoonde bedrag van je rekening af te schrijven.",
    "{merchant} mag deze betaalmethode opnieuw gebruiken.",
    "Terug", "Testomgeving: geen echt geld", "Testnummers", "Bezig…",
    "Je bent klaar", "Deze betaling is al ontvangen. Je kunt deze pagina sluiten.",
    "Deze betaalsessie is verlopen", "Ga terug naar {merchant} en begin opnieuw.",
    "Bevestig je betaling",
    "Dit staat voor de 3-D Secure-pagina van je bank. Slaagt de klant?",
    "Slagen", "Mislukken", "Aantal {count}",
)  # fmt: skip

TEXTS = {
    language: dict(zip(_NAMES, words, strict=True))
    for language, words in {"en": _EN, "fr": _FR, "de": _DE, "es": _ES, "nl": _NL}.items()
}

# What Stripe says in English comes from the payment itself; these are its translations, by
# decline code where the payment has one.
ERRORS = {
    "fr": {
        "generic_decline": "Votre carte a été refusée.",
        "insufficient_funds": "Votre carte ne dispose pas de fonds suffisants.",
        "expired_card": "Votre carte a expiré.",
        "incorrect_cvc": "Le code de sécurité de votre carte est incorrect.",
        "incomplete_number": "Le numéro de votre carte n’est pas valide.",
    },
    "de": {
        "generic_decline": "Ihre Karte wurde abgelehnt.",
        "insufficient_funds": "Ihre Karte ist nicht ausreichend gedeckt.",
        "expired_card": "Ihre Karte ist abgelaufen.",
        "incorrect_cvc": "Der Sicherheitscode Ihrer Karte ist falsch.",
        "incomplete_number": "Ihre Kartennummer ist ungültig.",
    },
    "es": {
        "generic_decline": "Se ha rechazado tu tarjeta.",
        "insufficient_funds": "Tu tarjeta no tiene fondos suficientes.",
        "expired_card": "Tu tarjeta ha caducado.",
        "incorrect_cvc": "El código de seguridad de tu tarjeta es incorrecto.",
        "incomplete_number": "El número de tu tarjeta no es válido.",
    },
    "nl": {
        "generic_decline": "Je kaart is geweigerd.",
        "insufficient_funds": "Het saldo van je kaart is ontoereikend.",
        "expired_card": "Je kaart is verlopen.",
        "incorrect_cvc": "De beveiligingscode van je kaart is onjuist.",
        "incomplete_number": "Je kaartnummer is ongeldig.",
    },
}


def language_of(locale: str | None, accepted: str = "") -> str:
    """The page's language: the session's locale, else the browser's, else English."""
    wishes = [locale] if locale and locale != "auto" else accepted.split(",")
    for wish in wishes:
        language = wish.strip().split(";")[0].split("-")[0].lower()
        if language in TEXTS:
            return language
    return "en"


def error_text(language: str, codes: list[str | None], english: str) -> str:
    """A refusal in the page's language, or Stripe's English words."""
    known = ERRORS.get(language, {})
    return next((known[code] for code in codes if code in known), english)
