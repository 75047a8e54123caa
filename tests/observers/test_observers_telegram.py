"""Messages to Telegram, sent to a Bot API on this machine."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
import sys
import threading
from datetime import datetime, timedelta

import pytest

from hallow import Experiment
from hallow.errors import ConfigFileError, MissingExtraError, UsageError
from hallow.observers.notify.telegram import DEFAULT_TELEGRAM_PRIORITY, TelegramBot, TelegramObserver
from hallow.observers.notify.web import Proxy, Refusal

from observers_http import leaks

TOKEN = "123456789:AASECRETSECRETsecretSECRET"
WHEN = datetime(2024, 5, 4, 3, 2, 1)
START = {
    "ex_info": {"name": "exp", "sources": []},
    "command": "main",
    "host_info": {"hostname": "here"},
    "start_time": WHEN,
    "config": {},
    "meta_info": {},
    "_id": 7,
}
TEXTS = {
    "started": "♻ *exp* started at _2024-05-04 03:02:01_ on host `here`",
    "completed": "✅ *exp* completed after _1 minute, 1 second_ with result=`42`",
    "interrupted": "⚠ *exp* interrupted after _1 minute, 1 second_",
    "failed": "❌ *exp* failed after _1 minute, 1 second_ with `ValueError: 1`\n\nBacktrace:\n```Trace\nValueError: 1\n```",
}


class Bot:
    """Any object with ``send_message``."""

    def __init__(self):
        self.sent = []

    def send_message(self, chat_id, text, disable_notification, parse_mode):
        self.sent.append((chat_id, text, disable_notification, parse_mode))


def play(observer, *events):
    observer.started_event(**START)
    end = WHEN + timedelta(seconds=61)
    finals = {
        "completed": {"stop_time": end, "result": 42},
        "interrupted": {"interrupt_time": end, "status": "TIMEOUT"},
        "failed": {"fail_time": end, "fail_trace": ["Trace\n", "ValueError: 1\n"]},
    }
    for event in events:
        getattr(observer, f"{event}_event")(**finals[event])


@pytest.fixture
def api(service):
    """A Bot API that says yes."""
    service.answer = (200, '{"ok": true, "result": {}}')
    return service


def own_bot(api, **options):
    return TelegramBot(TOKEN, api_url=api.url, timeout=30, **options)


# ------------------------------------------------------------------------------------------------------- events


@pytest.mark.parametrize("silent", [False, True])
def test_messages_and_their_sound(silent):
    bot = Bot()
    play(TelegramObserver(bot, 5, silent_completion=silent), "completed", "interrupted", "failed")
    assert bot.sent == [
        (5, TEXTS["started"], True, "Markdown"),
        (5, TEXTS["completed"], silent, "Markdown"),
        (5, TEXTS["interrupted"], False, "Markdown"),
        (5, TEXTS["failed"], False, "Markdown"),
    ]


def test_a_whole_run_by_the_client_of_our_own(api):
    ex = Experiment("told", interactive=True, save_git_info=False)
    ex.observers.append(TelegramObserver(own_bot(api), "@channel"))
    ex.main(lambda: 42)
    run = ex.run(command_name="<lambda>")
    assert [path for path, _, _ in api.requests] == [f"/bot{TOKEN}/sendMessage"] * 2
    started, completed = api.messages
    assert started["disable_notification"] is True
    assert started["text"].startswith("♻ *told* started at _20")
    assert completed == {
        "chat_id": "@channel",
        "text": "✅ *told* completed after _less than a second_ with result=`42`",
        "disable_notification": False,
        "parse_mode": "Markdown",
    }
    assert run._failed_observers == []


@pytest.mark.parametrize("event", TEXTS)
def test_none_switches_a_message_off(event):
    bot = Bot()
    play(TelegramObserver(bot, 5, **{f"{event}_text": None}), "completed", "interrupted", "failed")
    assert [text for _, text, _, _ in bot.sent] == [text for name, text in TEXTS.items() if name != event]


def test_texts_of_ones_own():
    bot = Bot()
    observer = TelegramObserver(bot, 5, started_text="{_id} {ex_info[name]}", failed_text="{error} {backtrace}")
    play(observer, "failed")
    assert [text for _, text, _, _ in bot.sent] == ["7 exp", "ValueError: 1 Trace\nValueError: 1\n"]


def test_a_coroutine_function_is_carried_out():
    """So that bots made for asyncio can be given."""

    class AsyncBot(Bot):
        entered = 0

        async def __aenter__(self):
            type(self).entered += 1

        async def __aexit__(self, *error):
            pass

        async def send_message(self, **message):
            await asyncio.sleep(0)
            super().send_message(**message)

    bot = AsyncBot()
    play(TelegramObserver(bot, 5), "completed")
    assert [text for _, text, _, _ in bot.sent] == [TEXTS["started"], TEXTS["completed"]]
    assert AsyncBot.entered == 2


def test_what_telegram_cannot_read_as_markdown_is_sent_as_it_is(api):
    bad = '{"ok": false, "error_code": 400, "description": "Bad Request: can\'t parse entities: byte offset 3"}'
    api.answer = lambda number: (400, bad) if number % 2 else (200, '{"ok": true}')
    play(TelegramObserver(own_bot(api), 5, started_text=None, completed_text="a_b*c {result}"), "completed")
    assert [message.get("parse_mode") for message in api.messages] == ["Markdown", None]
    assert [message["text"] for message in api.messages] == ["a_b*c 42"] * 2


def test_long_messages_are_cut(api):
    own_bot(api).send_message(chat_id=1, text="x" * 10_000)
    assert len(api.messages[0]["text"]) == 4096


# ----------------------------------------------------------------------------------------------------- failures


def test_errors_are_logged_and_end_nothing(api, caplog):
    api.answer = (401, '{"ok": false, "error_code": 401, "description": "Unauthorized"}')
    ex = Experiment("told", interactive=True, save_git_info=False)
    ex.observers.append(TelegramObserver(own_bot(api), 5))
    ex.main(lambda: 42)
    with caplog.at_level(logging.DEBUG):
        run = ex.run(command_name="<lambda>")
    assert (run.status, run._failed_observers) == ("COMPLETED", [])
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert {record.name for record in records} == {"telegram-observer"}
    assert all("Unauthorized" in record.getMessage() for record in records)
    assert leaks(TOKEN.partition(":")[2], caplog.text, repr(ex.observers), repr(ex.observers[0].bot)) == []


def test_a_refusal_with_a_good_status_is_one_too(api):
    api.answer = (200, '{"ok": false, "description": "not today"}')
    with pytest.raises(Refusal, match="not today"):
        own_bot(api).send_message(1, "x")


def test_a_bot_that_raises_does_not_show_its_token(caplog):
    class Raising:
        token = TOKEN

        def send_message(self, **_):
            raise RuntimeError(f"POST https://api.telegram.org/bot{self.token}/sendMessage failed")

    play(TelegramObserver(Raising(), 5), "completed")
    assert "RuntimeError: POST" in caplog.text
    assert leaks(TOKEN.partition(":")[2], caplog.text) == []


def test_a_hanging_api_delays_by_the_timeout_at_most(api, caplog):
    api.let_go.clear()
    observer = TelegramObserver(own_bot(api), 5, timeout=0.2, started_text=None)
    play(observer, "failed")
    assert "did not answer within 0.2 s" in caplog.text
    assert observer.join() is None


def test_a_hanging_start_does_not_hold_up_the_run(api):
    """The run begins although the message of its start is not through."""
    api.let_go.clear()
    began = threading.Event()
    ex = Experiment("told", interactive=True, save_git_info=False)
    ex.observers.append(TelegramObserver(own_bot(api), 5, timeout=30))

    @ex.main
    def main():
        began.set()
        api.let_go.set()

    ex.run()
    assert began.is_set()
    assert [message["text"][0] for message in api.messages] == ["♻", "✅"]


# ------------------------------------------------------------------------------------------------- construction


def test_arguments():
    observer = TelegramObserver(Bot(), 5)
    assert observer.priority == DEFAULT_TELEGRAM_PRIORITY == 10
    assert isinstance(TelegramObserver(TOKEN, 5).bot, TelegramBot)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: TelegramObserver(5, 5), "send_message"),
        (lambda: TelegramObserver("SECRET SECRET", 5), "BotFather"),
        (lambda: TelegramObserver("", 5), "BotFather"),
        (lambda: TelegramObserver(Bot(), 5, finished_text="x"), "finished_text"),
        (lambda: TelegramObserver(Bot(), 5, complete_text="x"), "completed_text"),
        (lambda: TelegramBot(TOKEN, api_url="api.telegram.org"), "Bot API"),
    ],
)
def test_mistakes_are_told_at_once(make, says):
    with pytest.raises(UsageError, match=says) as caught:
        make()
    assert "SECRET" not in str(caught.value)


def test_from_config(tmp_path, api):
    settings = {
        "token": TOKEN,
        "chat_id": 5,
        "silent_completion": True,
        "started_text": None,
        "api_url": api.url,
        "timeout": 30,
    }
    (tmp_path / "telegram.json").write_text(json.dumps(settings))
    observer = TelegramObserver.from_config(tmp_path / "telegram.json")
    assert observer.started_text is None
    play(observer, "completed")
    (message,) = api.messages
    assert (message["chat_id"], message["disable_notification"]) == (5, True)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"chat_id": 5}, "token"),
        ({"token": TOKEN}, "chat_id"),
        ({"token": TOKEN, "chat_id": 5, "chat": 1}, "chat"),
    ],
)
def test_from_config_lacks_something(tmp_path, settings, says):
    (tmp_path / "telegram.json").write_text(json.dumps(settings))
    with pytest.raises(ConfigFileError, match=says) as caught:
        TelegramObserver.from_config(tmp_path / "telegram.json")
    assert isinstance(caught.value, ValueError)
    assert TOKEN not in str(caught.value)


# ------------------------------------------------------------------------------------------------------ proxies


@pytest.mark.parametrize(
    ("config", "url"),
    [
        ({"proxy_url": "http://host:8080/", "username": "me", "password": "a/b:c"}, "http://me:a%2Fb%3Ac@host:8080"),
        ({"proxy_url": "http://host:8080"}, "http://host:8080"),
        ({"proxy_url": "http://me:pa%20ss@host/"}, "http://me:pa%20ss@host:80"),
        ({"proxy_url": "https://[::1]:3128/"}, "https://[::1]:3128"),
        ({"proxy_url": "socks5://host/", "username": "me", "password": "secret"}, "socks5://me:secret@host:1080"),
    ],
)
def test_O_44_the_url_of_a_proxy_is_taken_apart_properly(config, url):
    proxy = TelegramObserver.get_proxy_request(config)
    assert proxy.url == url
    assert proxy.host
    assert "secret" not in repr(proxy)
    assert "pa" not in repr(proxy).replace("Proxy(", "")


def test_no_proxy_and_wrong_ones():
    assert TelegramObserver.get_proxy_request({}) is None
    for url, says in (
        ("ftp://SECRET@h", "ftp"),
        ("http:///", "host"),
        ("http://SECRET@h:port", "port"),
        ("host:8080", "scheme"),
    ):
        with pytest.raises(UsageError, match=says) as caught:
            TelegramObserver.get_proxy_request({"proxy_url": url})
        assert "SECRET" not in str(caught.value)


def test_O_44_messages_go_through_an_http_proxy(api, tmp_path):
    """The service plays the proxy: it sees the whole URL and the credentials."""
    settings = {
        "token": TOKEN,
        "chat_id": 5,
        "api_url": "http://telegram.invalid",
        "proxy_url": f"http://127.0.0.1:{api.port}/",
        "username": "me",
        "password": "secret",
        "timeout": 30,
    }
    (tmp_path / "telegram.json").write_text(json.dumps(settings))
    play(TelegramObserver.from_config(tmp_path / "telegram.json"), "completed")
    assert len(api.requests) == 2
    path, headers, _ = api.requests[0]
    assert path == f"http://telegram.invalid/bot{TOKEN}/sendMessage"
    assert headers["Proxy-Authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()


def test_a_socks_proxy_needs_a_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "socks", None)
    with pytest.raises(MissingExtraError, match="pip install PySocks"):
        TelegramBot(TOKEN, Proxy.from_url("socks5://host:1080"))


def socks_server(target, seen):
    """A SOCKS5 server for one connection, which leads to ``target`` whatever is asked for."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with server, server.accept()[0] as client, socket.create_connection(target) as service:
            methods = client.recv(2)[1]
            client.recv(methods)
            client.sendall(b"\x05\x02")  # name and password, please
            name = client.recv(client.recv(2)[1])
            password = client.recv(client.recv(1)[0])
            client.sendall(b"\x01\x00")
            kind = client.recv(4)[3]
            host = client.recv(client.recv(1)[0]) if kind == 3 else client.recv(4)
            client.recv(2)
            seen.append((name, password, host))
            client.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
            request = b""
            while b"}" not in request:
                request += client.recv(1 << 16)
            service.sendall(request)
            while answer := service.recv(1 << 16):
                client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return server.getsockname()[1], thread


def test_messages_go_through_a_socks_proxy(api):
    pytest.importorskip("socks")
    seen = []
    port, thread = socks_server(("127.0.0.1", api.port), seen)
    config = {"proxy_url": f"socks5h://127.0.0.1:{port}/", "username": "me", "password": "secret"}
    bot = TelegramBot(TOKEN, TelegramObserver.get_proxy_request(config), 30, "http://telegram.invalid")
    bot.send_message(5, "hello")
    thread.join(30)
    assert seen == [(b"me", b"secret", b"telegram.invalid")]
    assert api.messages[0]["text"] == "hello"
