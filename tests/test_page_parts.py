"""The small parts of the page: robots, contrast, reasons of a decline, the logo."""

import base64
import io

import pytest
from odoo.addons.serviceflow_paylinks import contrast
from odoo.addons.serviceflow_paylinks.models import payment_link_page, res_company_page
from odoo.addons.serviceflow_paylinks.providers.declines import decline_kind
from odoo.addons.serviceflow_paylinks.robots import is_fetched_ahead, is_robot
from PIL import Image

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Version/4.0 Chrome/124.0.6367.82 Mobile Safari/537.36"
)
PEOPLE = {
    "Safari": f"{PHONE} Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Chrome": ANDROID.replace("; wv", "").replace("Version/4.0 ", ""),
    "Firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
    "Edge": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0",
    "Opera Mini": "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119",
    "WhatsApp's browser": f"{ANDROID} WhatsApp/2.24.10.85",
    "WhatsApp's browser on an iPhone": f"{PHONE} Gecko) Mobile/15E148 WhatsApp/24.1",
    "Viber's browser": f"{ANDROID} Viber/22.0.0.5",
    "Viber's browser on an iPhone": f"{PHONE} Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    " Viber/22.0",
    "Viber's browser without Safari's name": f"{PHONE} Gecko) Mobile/15E148 Viber/22.0",
    "Instagram's browser": f"{PHONE} Gecko) Mobile/15E148 Instagram 383.0.0.28.84 (iPhone15,2)",
    "Facebook's browser": f"{PHONE} Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/515.0.0.41.90]",
    "Telegram's browser": f"{ANDROID} Telegram-Android/11.5",
    "Outlook's browser": f"{PHONE} Gecko) Mobile/15E148 OutlookMobile",
    "Gmail's browser": ANDROID,
    "a phone called Cubot": ANDROID.replace("SM-S918B", "CUBOT_X19"),
}
ROBOTS = {
    "WhatsApp": "WhatsApp/2.23.20.0",
    "WhatsApp on an iPhone": "WhatsApp/2.24.1 i",
    "Viber": "Viber",
    "WhatsApp that calls itself Mozilla": "Mozilla/5.0 (X11; Linux x86_64) WhatsApp/2.23.20.0",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "iMessage": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like"
    " Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Twitter": "Twitterbot/1.0",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Discord": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Google": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Google's previews": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/56.0 Safari/537.36 Google (+https://developers.google.com/+/web/snippet/)",
    "Apple": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
    "Skype and Teams": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Outlook": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    "Office": "Microsoft Office Existence Discovery",
    "Office again": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Safe Links": "Mozilla/5.0 (compatible; MSIE 9.0; SafeLinks)",
    "Barracuda": "BarracudaCentral",
    "Proofpoint": "ProofPoint URL Defense",
    "Mimecast": "Mimecast",
    "a browser without a screen": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like"
    " Gecko) HeadlessChrome/137.0.0.0 Safari/537.36",
    "curl": "curl/8.5.0",
    "Python": "python-requests/2.31.0",
    "Java": "Java/17.0.1",
    "nobody": "",
}


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_no_robots(name):
    assert not is_robot(PEOPLE[name])


@pytest.mark.parametrize("name", ROBOTS)
def test_robots_are_robots(name):
    assert is_robot(ROBOTS[name])


def test_a_user_agent_that_never_ends():
    assert not is_robot(PEOPLE["Safari"] * 1000)


def test_fetched_ahead():
    assert is_fetched_ahead({"Sec-Purpose": "prefetch;prerender"})
    assert not is_fetched_ahead({"Accept": "text/html"})


# -- contrast ---------------------------------------------------------------

COLORS = "#000000 #ffffff #714b67 #ffd400 #ff0000 #00ff00 #0e7490 #f59e0b #808080 #123456".split()


def test_known_ratios():
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio and WebAIM's checker."""
    assert contrast.ratio(contrast.BLACK, contrast.WHITE) == pytest.approx(21)
    assert contrast.ratio((119, 119, 119), contrast.WHITE) == pytest.approx(4.48, abs=0.01)
    assert contrast.ratio((0, 0, 255), contrast.WHITE) == pytest.approx(8.59, abs=0.01)


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#FFF", (255, 255, 255)),
        (" #0e7490 ", (14, 116, 144)),
        ("rgb(14, 116,144)", (14, 116, 144)),
        ("rgba(14,116,144,0.5)", (14, 116, 144)),
        ("rgb(999,0,0)", (255, 0, 0)),
        ("teal", None),
        ("", None),
        (False, None),
        ("#12", None),
        ("#fff;} body{display:none", None),
    ],
)
def test_parse(text, color):
    assert contrast.parse(text) == color


@pytest.mark.parametrize("company", COLORS)
@pytest.mark.parametrize("ground", [0, 1], ids=["light", "dark"])
def test_every_companys_colours_can_be_read(company, ground):
    """Text on the button, and coloured text on the card and around it: at least 4.5 to 1."""
    palette = dict(res_company_page._palette(company, "")[ground])
    color = {name: contrast.parse(value) for name, value in palette.items()}
    grounds = (res_company_page.LIGHT, res_company_page.DARK)[ground]
    assert contrast.ratio(color["button"], color["button-ink"]) >= 4.5
    assert palette["button"] == company, "the button is the company's own colour"
    for paper in grounds:
        assert contrast.ratio(color["accent"], paper) >= 4.5
        assert contrast.ratio(color["button-edge"], paper) >= 3


@pytest.mark.parametrize("ground", [0, 1], ids=["light", "dark"])
def test_the_pages_own_colours_can_be_read(ground):
    color = {n: contrast.parse(v) for n, v in payment_link_page.GROUNDS[ground].items()}
    for paper in (color["paper"], color["ground"]):
        for name in ("ink", "soft", "good"):
            assert contrast.ratio(color[name], paper) >= 4.5, name
        assert contrast.ratio(color["edge"], paper) >= 3
    assert contrast.ratio(color["bad"], color["bad-ground"]) >= 4.5


# -- declines ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, ""),
        ({"code": "card_declined", "decline_code": "insufficient_funds"}, "funds"),
        ({"code": "expired_card"}, "expired"),
        ({"code": "incorrect_cvc", "decline_code": "incorrect_cvc"}, "details"),
        ({"code": "payment_intent_authentication_failure"}, "confirm"),
        ({"code": "card_declined", "decline_code": "lost_card"}, "declined"),
        ({"code": "card_declined", "decline_code": "fraudulent"}, "declined"),
        ({"code": "card_declined", "decline_code": "of_next_year"}, "declined"),
        ({"code": "account_closed"}, "account"),
        ({}, ""),
        ({"message": "?"}, "declined"),
    ],
)
def test_reasons_of_a_decline(error, kind):
    assert decline_kind(error) == kind


# -- logo -------------------------------------------------------------------


def picture(kind, mode="RGBA", size=(1500, 500)):
    result = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(result, kind)
    return result.getvalue()


@pytest.mark.parametrize(
    "source",
    [
        picture("PNG"),
        picture("PNG", "P"),
        picture("JPEG", "RGB"),
        picture("JPEG", "CMYK"),
        picture("GIF", "P"),
        picture("PNG", size=(30, 3000)),
    ],
)
def test_any_logo_becomes_small(source):
    small = res_company_page._shrink(source)
    assert 0 < len(small) <= res_company_page.LOGO_BYTES
    assert small.startswith(b"\x89PNG")


def test_transparent_stays_transparent():
    image = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
    image.paste((200, 0, 0, 255), (0, 0, 100, 100))
    result = io.BytesIO()
    image.save(result, "PNG")
    with Image.open(io.BytesIO(res_company_page._shrink(result.getvalue()))) as small:
        assert small.convert("RGBA").getpixel((small.width - 1, 5))[3] == 0
        assert small.convert("RGBA").getpixel((5, 5))[:3] == pytest.approx((200, 0, 0), abs=8)


def test_drawings_stay_as_they_are_and_what_is_no_picture_is_left_out():
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    assert res_company_page._shrink(drawing) == drawing
    assert res_company_page._shrink(drawing + b" " * 6000) == drawing
    assert res_company_page._shrink(b"no picture") == b""
    assert base64.b64encode(drawing).decode().startswith("PHN2Zy")


def test_large_drawing_loses_what_nobody_sees():
    """As an editor saves it: notes, names of its own, and nine decimals."""
    curve = " ".join(
        f"C {n}.123456789,{n}.987654321 9.111111111,8.222222222 7,6" for n in range(70)
    )
    source = f"""\ufeff<?xml version="1.0" encoding="UTF-8"?>
        <!-- Created with an editor --><?editor on?>
        <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
             xmlns:editor="http://editor.example" viewBox="0 0 400.5 120" editor:zoom="3">
          <metadata>{"words " * 500}</metadata>
          <editor:view><editor:guide/></editor:view>
          <path id="drop" fill="#0e7490" editor:nodes="cc" d="M 0,0 {curve} z"/>
          <use xlink:href="#drop"/>
        </svg>"""
    small = res_company_page._shrink(source.encode())
    assert 0 < len(small) <= res_company_page.LOGO_BYTES < len(source)
    assert b'd="M 0,0 C 0.12,0.98 9.11,8.22 7,6 C 1.12,' in small
    assert b'viewBox="0 0 400.5 120"' in small
    assert b'xlink:href="#drop"' in small
    for word in (b"editor", b"words", b"Created"):
        assert word not in small


@pytest.mark.parametrize(
    "source",
    [
        b"<svg" + b"x" * 6000,
        b"<html>" + b"x" * 6000 + b"</html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="'
        + b"M0.123456 0.123456" * 400
        + b'"/></svg>',
    ],
    ids=["broken", "no drawing", "fine to the last decimal"],
)
def test_drawing_that_stays_large_is_left_out(source):
    assert res_company_page._shrink(source) == b""
