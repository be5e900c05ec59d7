"""The close look sees what it is there to see: a good page is spoilt in each way, and each is told."""

import pytest

from tests.browser.person import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SPOILT = {
    "scrolls sideways": "document.querySelector('main').style.minWidth = '600px'",
    "axe critical image-alt": "document.querySelector('main').append(new Image())",
    "axe serious color-contrast": "document.querySelector('h1').style.color = '#ccc'",
    "Content Security Policy": "document.querySelector('main').innerHTML += '<p style=\"color: red\">x</p>'",
    "English left: 'Refund'": "document.querySelector('h1').textContent = 'Refund'",
    "language of the page: 'en'": "document.documentElement.lang = 'en'",
}


@pytest.mark.parametrize("trouble", SPOILT)
def test_a_spoilt_page_is_told(person, trouble):
    consumer = person("consumer", device=PHONE)
    consumer.open("/accounts/login/")
    consumer.page.evaluate(SPOILT[trouble])
    with pytest.raises(AssertionError, match=trouble):
        consumer.look()


def test_chinese_on_an_english_page_is_told_unless_somebody_typed_it(person):
    consumer = person("consumer", device=PHONE, language="en", typed=("光华路店",))
    consumer.open("/accounts/login/")
    consumer.page.evaluate("document.querySelector('label').textContent = '光华路店'")
    consumer.look()
    consumer.page.evaluate("document.querySelector('label').textContent = '手机号'")
    with pytest.raises(AssertionError, match="Chinese left: '手机号'"):
        consumer.look()
