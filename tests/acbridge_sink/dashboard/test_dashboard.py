"""The page as a browser shows it: the numbers of the frames, what it says of the state, and that it stays at home."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zmq
from playwright.sync_api import Browser, ViewportSize, WebSocketRoute, expect

from acbridge import Event, EventKind
from acbridge.driving import Driver
from acbridge.pages import AC1
from acbridge.wire import Header, encode
from browsing import Watched, browser, require_browser
from programs import PATIENCE_S, Daemon, Program, until
from relays import Message, Relay, messages

PATIENCE_MS = 1000 * PATIENCE_S
TABLET: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 375, "height": 667}
PHONE_ASIDE: ViewportSize = {"width": 667, "height": 375}
UPRIGHT: ViewportSize = {"width": 800, "height": 1280}
LARGE: ViewportSize = {"width": 3840, "height": 2160}
DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
LEAST_DRAWS_PER_S = 30
WAYS: dict[str, Callable[[Any], str]] = {
    "text": lambda value: str(value).replace("_", " "),
    "session": lambda value: str(AC1.session_name(int(value))).replace("_", " "),
    "gear": lambda value: "R" if value < 0 else str(value or "N"),
    "sector": lambda value: f"{value / 1000:.3f}",
    "level": lambda value: f"{value:.2f}" if value else "off",
    "left": lambda value: f"{int(value) // 60000}:{int(value) // 1000 % 60:02}" if 0 < value < 3_600_000 else DASH,
}

INKED = """id => {
    const canvas = document.getElementById(id);
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let hash = 0, inked = 0;
    for (let i = 0; i < pixels.length; i += 4) {
        if (pixels[i + 3]) inked += 1;
        hash = (Math.imul(hash, 31) + pixels[i] + 7 * pixels[i + 1] + 13 * pixels[i + 2] + 17 * pixels[i + 3]) | 0;
    }
    return [inked, hash];
}"""
SHOWN = """() => [...document.querySelectorAll("[data-field]")].map(element => ({
    field: element.dataset.field, way: element.dataset.as ?? "number", digits: Number(element.dataset.digits ?? 0),
    text: element.textContent,
}))"""
TEXTS = """() => {
    const texts = [...document.querySelectorAll("main *, header *")].flatMap(element => {
        const own = [...element.childNodes].filter(node => node.nodeType === 3 && node.textContent.trim());
        if (!own.length || element.closest(".unseen, template") || !element.checkVisibility()) return [];
        const range = document.createRange();
        range.setStart(own[0], 0);
        range.setEnd(own.at(-1), own.at(-1).length);
        // Digits fill about the middle two thirds of the height that a font reserves.
        return [...range.getClientRects()].map(({ left, top, right, bottom, height }) => ({
            text: own[0].textContent.trim(), left, right, top: top + height / 6, bottom: bottom - height / 6,
        }));
    });
    const inside = box => box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
    const outside = texts.filter(box => !inside(box));
    const over = texts.flatMap((a, i) => texts.slice(i + 1).filter(b =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > Math.min(a.bottom - a.top, b.bottom - b.top) / 2
    ).map(b => `${a.text} / ${b.text}`));
    return { count: texts.length, outside: outside.map(box => box.text), over };
}"""
FAINT = """() => {
    const parse = text => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const ground = element => {
        for (let each = element; each; each = each.parentElement) {
            const [r, g, b, alpha = 1] = parse(getComputedStyle(each).backgroundColor);
            if (alpha === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const found = [];
    let looked = 0;
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
        if (!own || element.closest(".unseen, template, script, noscript") || !element.checkVisibility()) continue;
        looked += 1;
        const style = getComputedStyle(element);
        const [a, b] = [light(parse(style.color)), light(ground(element))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
    }
    return [looked, found];
}"""
UNNAMED = """() => {
    const name = element => (element.getAttribute("aria-label")
        ?? document.getElementById(element.getAttribute("aria-labelledby"))?.textContent ?? "").trim();
    const named = "section, canvas, [role=region], [role=group], [role=img], [tabindex], button, a, input, select, ul";
    const text = element => ["BUTTON", "A"].includes(element.tagName) ? element.textContent.trim() : "";
    const found = [...document.querySelectorAll(named)].filter(element => !name(element) && !text(element));
    return found.map(element => element.outerHTML.slice(0, 80));
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    require_browser()
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with Daemon("--source", "sim", "--rate", "60") as daemon, Relay(daemon.address) as running:
        yield running


@pytest.fixture
def watch(chromium: Browser) -> Iterator[Callable[..., Watched]]:
    """Open pages that must have no errors, and send requests only to the relay."""
    opened: list[Watched] = []

    def open_page(port: int, path: str = "/", size: ViewportSize = TABLET, **options: Any) -> Watched:
        watched = Watched(chromium, viewport=size, **options)
        opened.append(watched)
        watched.page.goto(f"http://127.0.0.1:{port}{path}")
        if any("ERR_NETWORK_CHANGED" in complaint for complaint in watched.complaints):
            watched.complaints.clear()  # another test made or removed a network; Chromium then drops what it loads
            watched.page.reload()
        return watched

    yield open_page
    for watched in opened:
        watched.context.close()
    assert [] == [complaint for watched in opened for complaint in watched.complaints]
    assert {"127.0.0.1"} == {urlsplit(address).hostname for watched in opened for address in watched.asked}


def says(watched: Watched, sentence: str) -> None:
    expect(watched.page.locator("#state")).to_have_text(sentence, timeout=PATIENCE_MS)


def written(way: str, digits: int, value: Any) -> str:
    """Say how the page should write a value."""
    if value is None or value == "" or (way == "time" and value == 0):
        return DASH
    if way in ("clock", "time"):
        return f"{value // 60000}:{value // 1000 % 60:02}.{value % 1000:03}"
    if way in WAYS:
        return WAYS[way](value)
    number = float(f"{value * (100 if 'percent' in way else 1):.{digits}f}")
    sign = MINUS if number < 0 else "+" if "signed" in way and number > 0 else ""
    return f"{sign}{abs(number):.{digits}f}"


def newest(relay: Relay) -> dict[str, Message]:
    """Return the newest frame of each topic."""
    with relay.client() as client:
        found: dict[str, Message] = {}
        for message in messages(client):
            found[message.get("topic", "hello")] = message
            if {"physics", "graphics", "derived", "static", "status"} <= found.keys():
                return found
    raise AssertionError


def test_the_numbers_on_the_page_are_those_of_the_frames(watch: Callable[..., Watched], page_dir: Path) -> None:
    sim = ("acbridge_sim", "--page-dir", str(page_dir), "--script", "hotlap; live 3; pause 60", "--seed", "2")
    with Daemon("--page-dir", str(page_dir)) as daemon, Relay(daemon.address) as relay, Program(*sim):
        watched = watch(relay.port)
        says(watched, "Paused")
        watched.page.wait_for_timeout(300)  # the last frames of the drive are drawn
        frames = newest(relay)
        shown: list[dict[str, Any]] = watched.page.evaluate(SHOWN)
    expected: list[tuple[str, str]] = []
    found: list[tuple[str, str]] = []
    for element in shown:
        topic, name, *place = element["field"].split(".")
        if topic not in frames or topic == "status":
            continue  # of the page itself, or it goes on while the sim is paused
        value = frames[topic][name]
        if place:
            value = value[int(place[0])] if int(place[0]) < len(value) else None
        expected.append((element["field"], written(element["way"], element["digits"], value)))
        found.append((element["field"], element["text"]))
    assert expected == found
    fields = dict(found)
    assert len(fields) > 40
    assert frames["physics"]["speedKmh"] > 50
    assert DASH == fields["derived.delta_to_best_s"] == fields["graphics.iLastTime"]
    assert not re.search(r"NaN|undefined|null|Infinity", " ".join(fields.values()))


def test_the_banner_shows_the_state_of_the_sim(watch: Callable[..., Watched], page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, Relay(daemon.address) as relay:
        watched = watch(relay.port)
        says(watched, "Waiting for the sim")
        script = "hotlap; live 2.5; pause 2.5; live 2.5; replay 2.5; exit"
        with Program("acbridge_sim", "--page-dir", str(page_dir), "--script", script):
            for sentence in ("Live", "Paused", "Live", "Replay", "Waiting for the sim: no session is loaded"):
                says(watched, sentence)
        assert "polite" == watched.page.locator("#state").get_attribute("aria-live")
        daemon.end()
        says(watched, "Waiting for the daemon")


def test_who_drives_and_what_is_applied_stand_beside_the_telemetry(watch: Callable[..., Watched]) -> None:
    with Daemon("--source", "sim", "--controls", "sim") as daemon, Relay(daemon.address) as relay:
        watched = watch(relay.port)
        says(watched, "Live")
        state = watched.page.locator("#controls-state")
        with daemon.connect() as bridge, Driver(bridge, "ann", timeout=PATIENCE_S) as driver:

            def drives() -> bool:
                driver.drive(steer=-0.25, gas=0.0, brake=0.75, ttl_ms=1000)
                fields: dict[str, str] = {shown["field"]: shown["text"] for shown in watched.page.evaluate(SHOWN)}
                pairs = (("controls.brake", "75"), ("controls.steer", f"{MINUS}25"), ("physics.brake", "75"))
                return state.inner_text() == "driving" and all(fields[name] == text for name, text in pairs)

            until(drives, "the command on the page")
            expect(watched.page.locator("[data-field='controls.driver']")).to_have_text("ann")
            assert {False} == {element.is_hidden() for element in watched.page.locator(".applied").all()}
            assert TABLET["height"] >= watched.page.evaluate("document.documentElement.scrollHeight")
        expect(state).to_have_text("free (released)", timeout=PATIENCE_MS)
        expect(watched.page.locator("[data-field='controls.driver']")).to_have_text(DASH)


def test_nothing_of_the_controls_is_shown_without_a_back_end(watch: Callable[..., Watched], relay: Relay) -> None:
    watched = watch(relay.port)
    says(watched, "Live")
    expect(watched.page.locator("#controls-state")).to_have_text("none", timeout=PATIENCE_MS)
    assert {True} == {element.is_hidden() for element in watched.page.locator(".applied").all()}


def test_a_page_without_new_frames_shows_stale_and_not_live(watch: Callable[..., Watched]) -> None:
    import signal

    with Daemon("--source", "sim") as daemon, Relay(daemon.address) as relay:
        watched = watch(relay.port)
        says(watched, "Live")
        relay.process.send_signal(signal.SIGSTOP)
        says(watched, "Stale")
        assert re.fullmatch(r"no frame for \d+ s", watched.page.inner_text("#wait"))
        relay.process.send_signal(signal.SIGCONT)
        says(watched, "Live")


def test_the_page_comes_back_by_itself_when_the_relay_does(watch: Callable[..., Watched]) -> None:
    with Daemon("--source", "sim") as daemon:
        with Relay(daemon.address) as relay:
            watched = watch(relay.port)
            says(watched, "Live")
            assert 0 == relay.end()
        says(watched, "Disconnected")
        until(lambda: "reconnecting in" in watched.page.inner_text("#wait"), "the countdown")
        with Relay(daemon.address, port=relay.port):
            says(watched, "Live")
            before = watched.page.inner_text("[data-field='graphics.iCurrentTime'] >> nth=0")
            until(lambda: before != watched.page.inner_text("[data-field='graphics.iCurrentTime'] >> nth=0"), "a frame")
    refused = [complaint for complaint in watched.complaints if "ERR_CONNECTION_REFUSED" in complaint]
    assert refused == watched.complaints  # a browser reports every failed attempt, unavoidably
    watched.complaints.clear()


def test_a_page_without_the_token_asks_for_it(watch: Callable[..., Watched], relay: Relay) -> None:
    with Relay("127.0.0.1:9", "--token", "sixteen letters at least") as guarded:
        stranger = watch(guarded.port)
        says(stranger, "The relay wants a token: open this page with ?token= and the token")
        stranger.context.close()
        assert all("healthz" in said or "WebSocket" in said or "401" in said for said in stranger.complaints)
        stranger.complaints.clear()
        says(watch(guarded.port, "/?token=sixteen%20letters%20at%20least"), "Waiting for the daemon")


def test_map_traces_and_accelerations_are_drawn_and_move(watch: Callable[..., Watched], relay: Relay) -> None:
    watched = watch(relay.port)
    says(watched, "Live")
    for canvas in ("map", "traces", "gg"):

        def inked(canvas: str = canvas) -> list[int]:
            return watched.page.evaluate(INKED, canvas)

        until(lambda inked=inked: inked()[0] > 300, f"ink on {canvas}")
        first = inked()
        until(lambda inked=inked, first=first: inked() != first, f"change on {canvas}")


def test_it_draws_as_fast_as_frames_come(watch: Callable[..., Watched], relay: Relay) -> None:
    watched = watch(relay.port)
    says(watched, "Live")
    watched.page.wait_for_timeout(1500)  # opening a page is not drawing
    shown = watched.page.locator("[data-field='page.draws_per_s']")
    rates: list[int] = []
    for _ in range(3):
        before = shown.inner_text()
        watched.page.wait_for_timeout(1100)
        rates.append(int(shown.inner_text() if shown.inner_text() != DASH else before))
    print(f"drawn {rates} times a second")
    assert max(rates) >= LEAST_DRAWS_PER_S


def test_it_draws_next_to_nothing_without_news(watch: Callable[..., Watched], page_dir: Path) -> None:
    with Daemon("--page-dir", str(page_dir)) as daemon, Relay(daemon.address) as relay:
        watched = watch(relay.port)
        says(watched, "Waiting for the sim")
        watched.page.wait_for_timeout(2500)
        assert int(watched.page.inner_text("[data-field='page.draws_per_s']")) <= 4


@pytest.mark.parametrize("size", [PHONE, PHONE_ASIDE, UPRIGHT, TABLET, LARGE], ids=lambda size: f"{size['width']}")
def test_nothing_sticks_out_sideways(size: ViewportSize, watch: Callable[..., Watched], relay: Relay) -> None:
    watched = watch(relay.port, size=size)
    says(watched, "Live")
    wide = watched.page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(element => {
            const box = element.getBoundingClientRect();
            return box.right > innerWidth + 0.5 && !element.closest(".scroll") && !element.closest(".unseen");
        }).map(element => element.outerHTML.slice(0, 80))"""
    )
    assert [] == wide
    assert size["width"] >= watched.page.evaluate("document.documentElement.scrollWidth")
    if size["width"] >= 1280:  # all at once on a tablet on its side
        assert size["height"] >= watched.page.evaluate("document.documentElement.scrollHeight")


def test_everything_has_a_name_for_who_cannot_see_it(watch: Callable[..., Watched], relay: Relay) -> None:
    page = watch(relay.port, reduced_motion="reduce").page
    assert [] == page.evaluate(UNNAMED)
    assert "en" == page.locator("html").get_attribute("lang")
    assert [1, 1, 1] == [page.locator(name).count() for name in ("main", "header", "h1")]
    assert 4 == page.get_by_role("group").count()
    assert all(role.get_attribute("aria-live") == "polite" for role in page.get_by_role("status").all())
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    headers = page.locator("thead th")
    assert all(header.get_attribute("scope") == "col" for header in headers.all())
    focused: list[str] = []
    for _ in range(6):  # three buttons, and the scrolling table, which the keyboard gets past
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert ["view", "units", "full", "scroll"] == focused[:4]
    assert "" in focused


def played(chromium: Browser, relay: Relay, script: list[Message], size: ViewportSize = TABLET) -> Watched:
    """Open a page with a scripted relay, for messages that are rare or take minutes to drive."""
    watched = Watched(chromium, viewport=size)

    def serve(socket: WebSocketRoute) -> None:
        for message in [{"type": "hello", "connected": True}, *script]:
            socket.send(json.dumps(message))

    watched.page.route_web_socket(re.compile(r"^ws://"), serve)
    watched.page.goto(f"http://127.0.0.1:{relay.port}/")
    return watched


def test_laps_are_listed_and_announced_once(chromium: Browser, relay: Relay) -> None:
    lap = {"topic": "event", "kind": "lap_completed", "reason": None}
    script: list[Message] = [
        {"topic": "static", "sectorCount": 2, "track": "t", "trackConfiguration": "", "trackSPlineLength": 0.0},
        {**lap, "lap": 1, "lap_time_ms": 92500, "sector_times_ms": [31000, 61500], "valid": True},
        {**lap, "lap": 2, "lap_time_ms": 91000, "sector_times_ms": [30500, 60500], "valid": True},
        {**lap, "lap": 3, "lap_time_ms": 90000, "sector_times_ms": None, "valid": False, "reason": "cut"},
    ]
    watched = played(chromium, relay, script)
    rows = watched.page.locator("#laps tr")
    expect(rows).to_have_count(3)
    assert [
        f"3\t1:30.000\t{DASH}\t{DASH}\tcut",
        "2\t1:31.000\t30.500\t60.500\tbest",
        "1\t1:32.500\t31.000\t61.500\tvalid",
    ] == [row.inner_text() for row in rows.all()]
    expect(watched.page.locator("#lap-announced")).to_have_text("Lap 3: 1:30.000, not valid: cut")
    watched.context.close()
    assert [] == watched.complaints


def test_laps_of_the_session_are_still_there_when_the_page_is_loaded_again(watch: Callable[..., Watched]) -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as daemon:
        daemon.linger = 0
        seqs = count(1)

        def publish(kind: EventKind, **details: Any) -> None:
            header = Header(run=1, tick=1, seq=next(seqs), timestamp=1.0, mono_ns=1)
            daemon.send_multipart([b"event", encode(header, Event.of(kind, **details))])

        port = daemon.bind_to_random_port("tcp://127.0.0.1")
        with Relay(f"127.0.0.1:{port}") as relay:
            until(lambda: publish(EventKind.PIT_IN) or relay.health()["connected"], "the subscription")
            watched = watch(relay.port)
            rows = watched.page.locator("#laps tr")
            says(watched, "Waiting for the daemon's status")
            for number in (1, 2):
                publish(EventKind.LAP_COMPLETED, lap=number, lap_time_ms=90000 + number, valid=True)
            expect(rows).to_have_count(2, timeout=PATIENCE_MS)
            before = [row.inner_text() for row in rows.all()]
            watched.page.reload()
            expect(rows).to_have_count(2, timeout=PATIENCE_MS)
            assert before == [row.inner_text() for row in rows.all()]
            expect(watched.page.locator("#lap-announced")).to_have_text("")
            publish(EventKind.LAP_COMPLETED, lap=3, lap_time_ms=90003, valid=True)
            expect(rows).to_have_count(3, timeout=PATIENCE_MS)
            expect(watched.page.locator("[data-field='page.skipped']")).to_have_text("0")
            publish(EventKind.SESSION_STARTED)
            expect(rows).to_have_count(0, timeout=PATIENCE_MS)
            watched.page.reload()
            publish(EventKind.LAP_COMPLETED, lap=1, lap_time_ms=90004, valid=True)
            expect(rows).to_have_count(1, timeout=PATIENCE_MS)


def test_the_table_of_laps_does_not_grow_for_ever(chromium: Browser, relay: Relay) -> None:
    lap = {"topic": "event", "kind": "lap_completed", "reason": None, "lap_time_ms": 90000, "valid": True}
    watched = played(chromium, relay, [{**lap, "lap": number, "sector_times_ms": None} for number in range(1, 101)])
    expect(watched.page.locator("#laps tr")).to_have_count(60)
    assert watched.page.locator("#laps tr").first.inner_text().startswith("100\t")
    assert 800 >= watched.page.evaluate("document.documentElement.scrollHeight")
    watched.context.close()


@pytest.mark.parametrize(("rpms", "shift"), [(7124, "false"), (7125, "true")])
def test_the_shift_light_and_the_warnings_come_on(rpms: int, shift: str, chromium: Browser, relay: Relay) -> None:
    frames = newest(relay)
    frames["physics"] |= {"rpms": rpms, "currentMaxRpm": 7500}
    frames["derived"] |= {
        "locked_wheels": [True, False, False, False],
        "spinning_wheels": [False, False, False, True],
        "wrong_way": True,
        "in_pit_lane": False,
        "off_track": "fully",
        "delta_to_best_s": -0.254,
    }
    watched = played(chromium, relay, list(frames.values()))
    page = watched.page
    expect(page.locator("#gear")).to_have_attribute("data-shift", shift)
    expect(page.locator("#delta")).to_have_text(f"{MINUS}0.25")
    assert ["locked", "", "", "spinning"] == [tyre.text_content() for tyre in page.locator(".slip-state").all()]
    assert ["Wrong way", "Off track"] == [item.inner_text() for item in page.locator("#flags li:visible").all()][:2]
    assert "ahead" == page.get_attribute("#delta", "data-sign")
    watched.context.close()
    assert [] == watched.complaints


def test_what_is_not_there_is_a_dash(chromium: Browser, relay: Relay) -> None:
    frames = newest(relay)
    for topic in ("physics", "graphics", "derived"):
        for name, value in frames[topic].items():
            if isinstance(value, float) and name != "timestamp":
                frames[topic][name] = None
            elif isinstance(value, list) and name not in ("locked_wheels", "spinning_wheels"):
                frames[topic][name] = [None] * len(value)  # pyright: ignore[reportUnknownArgumentType]
    watched = played(chromium, relay, list(frames.values()))
    expect(watched.page.locator("[data-field='derived.gear_number']")).not_to_have_text(DASH)
    for name in ("physics.speedKmh", "physics.wheelSlip.0", "derived.delta_to_best_s", "derived.fuel_laps_left"):
        assert DASH == watched.page.inner_text(f"[data-field='{name}']"), name
    assert not re.search(r"NaN|undefined|null|Infinity", watched.page.inner_text("body"))
    watched.context.close()
    assert [] == watched.complaints


def full_of_values(relay: Relay) -> dict[str, Message]:
    """Return frames with a value everywhere, as long as it gets in a race, and with every warning."""
    frames = newest(relay)
    frames["status"]["sim_state"] = "live"
    frames["physics"] |= {"speedKmh": 288.8, "rpms": 11888, "abs": 0.12, "tc": 0.08, "brakeBias": 0.655, "fuel": 88.8}
    frames["physics"] |= {"brakeTemp": [788.0] * 4, "tyreTempI": [108.0] * 4, "tyreCoreTemperature": [108.0] * 4}
    frames["graphics"] |= {"position": 28, "sessionTimeLeft": 3_723_000.0, "flag": 2, "iCurrentTime": 108_888}
    frames["graphics"] |= {"iLastTime": 108_888, "iBestTime": 108_888}
    frames["derived"] |= {"lap_number": 28, "delta_to_best_s": -18.88, "predicted_lap_ms": 108_888, "gear_number": 6}
    frames["derived"] |= {"fuel_laps_left": 28.8, "fuel_per_lap": 2.88, "in_pit_lane": True, "wrong_way": True}
    return frames


def shows(watched: Watched, field: str, text: str) -> None:
    expect(watched.page.locator(f"[data-field='{field}']").first).to_have_text(text, timeout=PATIENCE_MS)


@pytest.mark.parametrize(
    "size",
    [PHONE, PHONE_ASIDE, {"width": 390, "height": 844}, {"width": 844, "height": 390}],
    ids=lambda size: f"{size['width']}",
)
def test_a_phone_shows_the_whole_dash_without_scrolling(size: ViewportSize, chromium: Browser, relay: Relay) -> None:
    watched = played(chromium, relay, list(full_of_values(relay).values()), size)
    shows(watched, "graphics.position", "28")
    page = watched.page
    assert [size["width"], size["height"]] == page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    texts: dict[str, Any] = page.evaluate(TEXTS)
    assert texts["count"] > 40
    assert ([], []) == (texts["outside"], texts["over"])
    speed = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.speed b')).fontSize)")
    assert speed >= min(size["width"], size["height"]) / 6  # to be read beside a wheel
    watched.context.close()
    assert [] == watched.complaints


def test_what_racers_ask_for_is_shown(chromium: Browser, relay: Relay) -> None:
    watched = played(chromium, relay, list(full_of_values(relay).values()))
    for field, text in {
        "graphics.position": "28",
        "graphics.sessionTimeLeft": "1:02:03",
        "physics.abs": "0.12",
        "physics.tc": "0.08",
        "physics.brakeBias": "65.5",
        "physics.brakeTemp.0": "788",
        "physics.tyreTempI.3": "108",
    }.items():
        shows(watched, field, text)
    flag = watched.page.locator("#flags li:visible").first
    assert ("Yellow flag", "yellow") == (flag.inner_text(), flag.get_attribute("data-colour"))
    watched.context.close()
    assert [] == watched.complaints


def test_units_and_view_are_chosen_and_kept(chromium: Browser, relay: Relay) -> None:
    watched = played(chromium, relay, list(full_of_values(relay).values()))
    shows(watched, "physics.speedKmh", "289")
    watched.page.get_by_role("button", name="mph").click()
    watched.page.get_by_role("button", name="Only the dash").click()
    for _ in range(2):
        shows(watched, "physics.speedKmh", "179")
        shows(watched, "physics.tyreCoreTemperature.0", "226")
        shows(watched, "physics.fuel", "23.5")
        assert {"mph"} == {each.inner_text() for each in watched.page.locator("[data-unit-of=speed]:visible").all()}
        expect(watched.page.locator("#map")).to_be_hidden()
        watched.page.reload()
    watched.page.get_by_role("button", name="All panels").click()
    expect(watched.page.locator("#map")).to_be_visible()
    watched.context.close()
    assert [] == watched.complaints


def test_the_map_is_still_there_when_the_page_is_loaded_again(watch: Callable[..., Watched], relay: Relay) -> None:
    watched = watch(relay.port)
    says(watched, "Live")
    path = "JSON.parse(sessionStorage.getItem('acbridge.map'))?.points.length ?? 0"
    watched.page.wait_for_timeout(4000)
    before = watched.page.evaluate(INKED, "map")[0]
    watched.page.reload()
    assert watched.page.evaluate(path) > 20 or watched.page.evaluate(INKED, "map")[0] > 0
    says(watched, "Live")
    until(lambda: watched.page.evaluate(INKED, "map")[0] > before / 2, "the path of before", timeout=5)
    assert 0 == watched.page.evaluate(path)  # taken over


def test_the_screen_stays_awake_while_frames_flow(chromium: Browser, relay: Relay) -> None:
    watched = Watched(chromium, viewport=TABLET)
    watched.page.add_init_script(
        "const ask = navigator.wakeLock.request.bind(navigator.wakeLock); window.asked = [];"
        "navigator.wakeLock.request = kind => (window.asked.push(kind), ask(kind));"
    )
    watched.page.goto(f"http://127.0.0.1:{relay.port}/")
    says(watched, "Live")
    assert ["screen"] == watched.page.evaluate("window.asked")
    watched.page.get_by_role("button", name="Full screen").click()
    expect(watched.page.locator("#full")).to_have_text("Leave full screen")
    watched.page.get_by_role("button", name="Leave full screen").click()
    expect(watched.page.locator("#full")).to_have_text("Full screen")
    watched.context.close()
    assert [] == watched.complaints


@pytest.mark.parametrize("size", [PHONE, TABLET], ids=lambda size: f"{size['width']}")
def test_every_text_has_the_contrast_of_wcag_aa(size: ViewportSize, chromium: Browser, relay: Relay) -> None:
    frames = full_of_values(relay)
    frames["derived"] |= {"locked_wheels": [True, False, True, False], "spinning_wheels": [False, True, False, True]}
    lap = {"topic": "event", "kind": "lap_completed", "reason": None, "sector_times_ms": None}
    laps = [{**lap, "lap": 1, "lap_time_ms": 9, "valid": True}, {**lap, "lap": 2, "lap_time_ms": 9, "valid": False}]
    watched = played(chromium, relay, [*frames.values(), *laps], size)
    shows(watched, "graphics.position", "28")
    for colour in ("blue", "yellow", "black", "white", "chequered", "penalty"):
        watched.page.evaluate(
            "colour => { for (const item of document.querySelectorAll('#flags li')) item.hidden = false;"
            "document.querySelector('#flags li').dataset.colour = colour; }",
            colour,
        )
        looked, faint = watched.page.evaluate(FAINT)
        assert looked > 50
        assert [] == faint
    watched.context.close()
    assert [] == watched.complaints
