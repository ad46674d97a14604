"use strict";
(function () {
  var holder = document.getElementById("zoom"), store = document.getElementById("zoom-data");
  if (!holder || !store || !window.HTMLCanvasElement) return;
  var data = JSON.parse(store.textContent);
  var canvas = holder.querySelector("canvas"), readout = holder.querySelector(".readout"), hint = holder.querySelector(".hint");
  var context = canvas.getContext("2d");
  if (!context) return;
  var TICK = data.tick_s, SPAN = data.span_s;

  function unpack(text, Type) {
    var raw = atob(text), bytes = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return new Type(bytes.buffer);
  }
  data.rails.forEach(function (rail) {
    rail.blocks.forEach(function (b) {
      b.t = unpack(b.t, Uint32Array); b.low = unpack(b.low, Float32Array);
      b.high = b.high === null ? b.low : unpack(b.high, Float32Array);
      b.e = unpack(b.e, Float32Array); b.v = unpack(b.v, Float32Array);
      if (b.r) b.r = unpack(b.r, Uint32Array);
    });
  });
  data.labels.forEach(function (l) {
    l.start = unpack(l.start, Uint32Array); l.end = unpack(l.end, Uint32Array);
    l.e = unpack(l.e, Float32Array); l.half = unpack(l.half, Float32Array);
    l.lasting = 0;
    for (var i = 0; i < l.n; i++) l.lasting = Math.max(l.lasting, l.end[i] - l.start[i]);
  });

  var from = 0, to = SPAN, rail = data.rails[0], chosen = null, picked = null, cursor = null, selecting = true;
  var LEFT = 52, RIGHT = 10, TOP = 16, HEIGHT = 240, LANE = 28, FOOT = 42, width = 0, height = 0, style = null;

  function number(value, digits) {
    if (!isFinite(value)) return "–";
    if (value === 0) return "0";
    var places = Math.max(0, Math.min(12, digits - 1 - Math.floor(Math.log10(Math.abs(value)))));
    return value.toFixed(places);
  }
  var STEPS = [[1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];
  function prefix(size) {
    for (var i = 0; i < STEPS.length; i++) if (size >= STEPS[i][0] * 0.99995) return STEPS[i];
    return STEPS[STEPS.length - 1];
  }
  function quantity(value, unit, digits) {
    if (value === 0) return "0\u00a0" + unit;
    var p = prefix(Math.abs(value));
    return number(value / p[0], digits || 4) + "\u00a0" + p[1] + unit;
  }
  function bound(words, value, unit, digits) {
    var p = prefix(Math.abs(value)), size = value / p[0], step = Math.pow(10, Math.floor(Math.log10(Math.abs(size))) + 1 - digits), steps = size / step;
    var even = Math.abs(steps - Math.round(steps)) < 1e-6 ? Math.round(steps) : words === "at least" ? Math.floor(steps) : Math.ceil(steps);
    return words + "\u00a0" + number(value ? even * step : 0, digits) + "\u00a0" + p[1] + unit;
  }
  function seconds(value, digits) {
    var size = Math.abs(value);
    if (size >= 86400) return number(value / 86400, digits || 4) + "\u00a0d";
    if (size >= 7200) return number(value / 3600, digits || 4) + "\u00a0h";
    if (size >= 1) return number(value, digits || 4) + "\u00a0s";
    return quantity(value, "s", digits || 4);
  }
  function withHalf(value, half, unit, floor) {
    if (floor && value - half <= 0) return bound("at most", value + half, unit, 2);
    var p = prefix(Math.max(Math.abs(value), half));
    var places = half > 0 ? Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(half / p[0])))) : 6;
    return (value / p[0]).toFixed(places) + "\u00a0±\u00a0" + (half / p[0]).toFixed(places) + "\u00a0" + p[1] + unit;
  }

  function lower(array, wanted) {
    var a = 0, b = array.length;
    while (a < b) { var m = (a + b) >> 1; if (array[m] < wanted) a = m + 1; else b = m; }
    return a;
  }
  function blockFor(a, b) {
    var best = rail.blocks[0];
    for (var i = 1; i < rail.blocks.length; i++) {
      var one = rail.blocks[i];
      if (one.t[0] * TICK <= a && one.t[one.n] * TICK >= b) return one;
    }
    return best;
  }
  function x(s) { return LEFT + (s - from) / (to - from) * (width - LEFT - RIGHT); }
  function at(px) { return from + (px - LEFT) / (width - LEFT - RIGHT) * (to - from); }
  function colour(name) { return style.getPropertyValue(name).trim(); }

  function ticks(low, high, most) {
    var raw = (high - low) / most, power = Math.pow(10, Math.floor(Math.log10(raw))), found = [], step = power * 10;
    [1, 2, 2.5, 5].some(function (m) { if (m * power >= raw * 0.999) { step = m * power; return true; } return false; });
    for (var k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
    found.step = step;
    return found;
  }
  var top = 1, bottom = 0;
  function extent() {
    top = 0; bottom = 0;
    var b = rail.blocks[0];
    for (var i = 0; i < b.n; i++) { if (b.high[i] > top) top = b.high[i]; if (b.low[i] < bottom) bottom = b.low[i]; }
    top = Math.max(top, b.end) * 1.06 || 1; bottom *= 1.06;
  }
  function y(w) { return TOP + HEIGHT - (w - bottom) / (top - bottom) * HEIGHT; }

  function draw() {
    var ratio = window.devicePixelRatio || 1;
    width = holder.clientWidth; height = TOP + HEIGHT + 10 + LANE * data.labels.length + FOOT;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
      canvas.style.height = height + "px";
    }
    style = getComputedStyle(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px " + style.fontFamily;
    grid(); events(); trace(); condensed(); overlay();
  }
  function grid() {
    var p = prefix(Math.max(top, -bottom));
    context.lineWidth = 1; context.textAlign = "right"; context.textBaseline = "middle";
    ticks(bottom, top, 5).forEach(function (w, i, all) {
      var py = Math.round(y(w)) + 0.5, places = Math.max(0, Math.min(9, -Math.floor(Math.log10(all.step / p[0]) + 1e-9)));
      if (all.step / p[0] === 2.5 * Math.pow(10, -places)) places += 1;
      context.strokeStyle = colour("--line"); context.beginPath(); context.moveTo(LEFT, py); context.lineTo(width - RIGHT, py); context.stroke();
      context.fillStyle = colour("--soft"); context.fillText((w / p[0]).toFixed(places), LEFT - 6, py);
    });
    context.fillStyle = colour("--ink"); context.textAlign = "left"; context.fillText(p[1] + "W", LEFT, 7);
    var span = to - from, unit = span >= 172800 ? [86400, "d"] : span >= 9000 ? [3600, "h"] : span >= 150 ? [60, "min"] : span >= 0.5 ? [1, "s"] : span >= 5e-4 ? [1e-3, "ms"] : [1e-6, "µs"];
    var base = height - FOOT + 6;
    context.strokeStyle = colour("--soft"); context.beginPath(); context.moveTo(LEFT, base + 0.5); context.lineTo(width - RIGHT, base + 0.5); context.stroke();
    context.textAlign = "center"; context.fillStyle = colour("--soft");
    var zero = from > 200 * span ? Math.floor(from / span) * span : 0, since = "the first reading";
    if (zero) { var fine = Math.max(0, Math.ceil(-Math.log10(span))); zero = Number(zero.toFixed(fine)); since = zero.toFixed(fine) + "\u00a0s"; }
    ticks((from - zero) / unit[0], (to - zero) / unit[0], Math.max(2, Math.min(9, Math.floor(width / 90)))).forEach(function (v, i, all) {
      var px = x(v * unit[0] + zero), places = Math.max(0, Math.min(9, -Math.floor(Math.log10(all.step) + 1e-9)));
      if (Math.abs(all.step * Math.pow(10, places) - 2.5) < 1e-6) places += 1;
      context.fillRect(Math.round(px), base, 1, 4);
      context.fillText(v.toFixed(places), Math.min(Math.max(px, LEFT), width - RIGHT - 14), base + 12);
    });
    context.textAlign = "right"; context.fillText("time since " + since + " (" + unit[1] + ")", width - RIGHT, base + 26);
    rail.gaps.forEach(function (g) {
      if (g[1] < from || g[0] > to) return;
      var a = Math.max(x(g[0]), LEFT), b = Math.min(x(g[1]), width - RIGHT);
      context.globalAlpha = 0.14; context.fillStyle = colour("--gap"); context.fillRect(a, TOP, Math.max(b - a, 1), HEIGHT); context.globalAlpha = 1;
      if (b - a > 28) { context.textAlign = "center"; context.fillText("gap", (a + b) / 2, TOP + 10); }
    });
  }
  function events() {
    data.labels.forEach(function (l, row) {
      var py = TOP + HEIGHT + 22 + row * LANE, fill = colour("--c" + (row % 8)), first = lower(l.start, from / TICK - l.lasting - 1), last = -1e9;
      for (var i = first; i < l.n && l.start[i] * TICK <= to; i++) {
        if (l.end[i] * TICK < from) continue;
        var a = Math.max(x(l.start[i] * TICK), LEFT), b = Math.min(x(l.end[i] * TICK), width - RIGHT), hollow = i < l.warmup;
        if (b - a < 1 && a < last + 1) continue;
        last = b;
        context.fillStyle = context.strokeStyle = fill;
        if (hollow && b - a > 3) context.strokeRect(a + 0.5, py + 0.5, b - a - 1, 11); else context.fillRect(a, py, Math.max(b - a - (b - a > 3 ? 1 : 0), 1), 12);
      }
      context.textAlign = "left"; context.font = "600 11px " + style.fontFamily;
      var text = l.name, room = Math.max(80, width * 0.4);
      while (text.length > 4 && context.measureText(text).width > room) text = text.slice(0, -2);
      if (text !== l.name) text += "…";
      context.fillStyle = colour("--ink"); context.fillText(text, LEFT, py - 7); context.font = "12px " + style.fontFamily;
    });
  }
  function trace() {
    var b = blockFor(from, to), first = Math.max(lower(b.t, from / TICK) - 1, 0), last = Math.min(lower(b.t, to / TICK) + 1, b.n);
    context.save(); context.beginPath(); context.rect(LEFT, TOP - 2, width - LEFT - RIGHT, HEIGHT + 4); context.clip();
    var many = last - first > (width - LEFT) * 1.5, i;
    context.strokeStyle = colour("--trace"); context.fillStyle = colour("--band"); context.lineWidth = 1.4; context.lineJoin = "round";
    if (many || b.each > 1) {
      var lows = {}, column, columns = [], one;
      for (i = first; i < last; i++) {
        if (b.v[i] < 0 && b.each === 1) { columns.push(null); lows = {}; continue; }
        column = many ? Math.floor(x(b.t[i] * TICK)) : i;
        one = lows[column];
        if (!one) { one = lows[column] = [b.low[i], b.high[i], 0, 0, x(b.t[i] * TICK), 0]; columns.push(one); }
        if (b.low[i] < one[0]) one[0] = b.low[i];
        if (b.high[i] > one[1]) one[1] = b.high[i];
        if (b.v[i] >= 0) { one[2] += b.e[i]; one[3] += (b.t[i + 1] - b.t[i]) * TICK; }
        one[5] = x(b.t[i + 1] * TICK);
      }
      columns.forEach(function (c) { if (c) context.fillRect(c[4], y(c[1]), Math.max(c[5] - c[4], 1), Math.max(y(c[0]) - y(c[1]), 1)); });
      context.beginPath();
      var pen = false;
      columns.forEach(function (c) { if (!c || !c[3]) { pen = false; return; } var py = y(c[2] / c[3]); if (pen) context.lineTo(c[4], py); else context.moveTo(c[4], py); context.lineTo(c[5], py); pen = true; });
      context.stroke();
      hint.textContent = b.each > 1 && !many ? "Each column stands for " + (b.r ? "many" : b.each.toLocaleString("en")) + " readings: the lowest, the mean and the highest. All readings are kept in the places named above." : "Each pixel shows the lowest, the mean and the highest of its readings.";
    } else {
      context.beginPath();
      var down = false;
      for (i = first; i < last; i++) {
        if (b.v[i] < 0) { down = false; continue; }
        var xa = x(b.t[i] * TICK), xb = x(b.t[i + 1] * TICK), ya = y(b.low[i]);
        if (!down) context.moveTo(xa, ya); else context.lineTo(xa, ya);
        if (rail.line) context.lineTo(xb, y(i + 1 < b.n ? b.low[i + 1] : b.end)); else context.lineTo(xb, ya);
        down = true;
      }
      context.stroke();
      if (last - first < width / 7) {
        context.fillStyle = colour("--trace");
        for (i = first; i < last; i++) { context.beginPath(); context.arc(x(b.t[i] * TICK), y(b.low[i]), 2.2, 0, 7); context.fill(); }
      }
      hint.textContent = readingsIn(b, first, last) > last - first ? "Some of the readings, at edges and extremes, with straight lines between; all of them are in the places named above." : "Single readings.";
    }
    if (rail.gaps.some(function (g) { return g[1] >= from && g[0] <= to; })) hint.textContent += " A shaded column is a gap without readings.";
    context.fillStyle = colour("--gap");
    var clipped = rail.saturated.filter(function (s) { return s >= from && s <= to; });
    clipped.forEach(function (s) { context.fillRect(x(s) - 1, TOP - 2, 2, 6); });
    if (clipped.length) hint.textContent += " The marks at the top are readings at the end of the meter's range.";
    context.restore();
  }
  function condensed() {
    var some = data.labels.filter(function (l) { return l.n < l.of; }).map(function (l) { return l.n.toLocaleString("en") + " of " + l.of.toLocaleString("en") + "\u00a0" + l.name; });
    if (some.length) hint.textContent += " Of so many events some are drawn, evenly picked: " + some.join(", ") + ".";
    if (data.mean_of > 1) hint.textContent += " A reading here is the mean of " + data.mean_of + " as recorded, for the run is long: peaks shorter than that are not shown at their height.";
  }
  function overlay() {
    if (chosen) {
      var a = Math.max(x(chosen[0]), LEFT), b = Math.min(x(chosen[1]), width - RIGHT);
      if (b > a) {
        context.globalAlpha = 0.13; context.fillStyle = colour("--ink"); context.fillRect(a, TOP, b - a, HEIGHT); context.globalAlpha = 1;
        context.fillStyle = colour("--ink"); context.fillRect(a, TOP, 1, HEIGHT); context.fillRect(b, TOP, 1, HEIGHT);
      }
    }
    if (cursor !== null && cursor >= from && cursor <= to) { context.globalAlpha = 0.5; context.fillStyle = colour("--ink"); context.fillRect(Math.round(x(cursor)), TOP, 1, height - FOOT - TOP); context.globalAlpha = 1; }
    if (data.simulated) {
      context.save(); context.globalAlpha = 0.11; context.fillStyle = colour("--ink"); context.textAlign = "center";
      context.font = "700 " + Math.min(64, width / 8) + "px " + style.fontFamily; context.translate(width / 2, TOP + HEIGHT / 2); context.rotate(-0.22); context.fillText("simulated", 0, 0); context.restore();
    }
  }

  var T95 = [0, 12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086];
  function readingsIn(block, first, last) {
    if (!block.r) return (last - first) * block.each;
    for (var sum = 0, i = first; i < last; i++) sum += block.r[i];
    return sum;
  }
  function span(a, b) {
    var low = Math.min(a, b), high = Math.max(a, b), block = blockFor(low, high);
    var first = lower(block.t, low / TICK), last = lower(block.t, high / TICK);
    if (first > 0 && low / TICK - block.t[first - 1] < block.t[first] - low / TICK) first--;
    if (last > block.n) last = block.n;
    if (last > 0 && high / TICK - block.t[last - 1] < block.t[last] - high / TICK) last--;
    if (last - first < 1) return null;
    var joules = 0, variance = 0, dark = false, clipped = false, i;
    for (i = first; i < last; i++) { joules += block.e[i]; if (block.v[i] < 0) dark = true; else variance += block.v[i]; }
    var s = block.t[first] * TICK, e = block.t[last] * TICK, length = e - s, readings = readingsIn(block, first, last);
    rail.saturated.forEach(function (t) { if (t >= s && t <= e) clipped = true; });
    var own = variance, k = 1.96;
    rail.errors.forEach(function (r) { var part = r[0] * joules + r[1] * length; variance += part * part; });
    var edge = (block.e[last - 1] / ((block.t[last] - block.t[last - 1]) * TICK || 1) - block.e[first] / ((block.t[first + 1] - block.t[first]) * TICK || 1)) * rail.clock_s;
    variance += rail.edge + edge * edge + Math.pow(rail.step * length, 2) / 12;
    if (readings < T95.length && own > 0.1 * variance) k = T95[Math.max(readings - 1, 1)];
    return { start: s, end: e, joules: joules, half: k * Math.sqrt(variance), readings: readings, dark: dark, clipped: clipped, each: block.each };
  }
  function describe() {
    var words = [];
    if (picked && rail === data.rails[0]) {
      var l = picked[0], i = picked[1], length = (l.end[i] - l.start[i]) * TICK;
      if (picked[2]) words.push("The nearest event" + (l.n < l.of ? " drawn" : "") + ", " + seconds(Math.abs(picked[2])) + (picked[2] < 0 ? " earlier:" : " later:"));
      words.push(l.name + (l.n === l.of ? ", event " + (i + 1).toLocaleString("en") : "") + (i < l.warmup ? " (warm-up)" : "") + ", " + seconds(length) + ": " + (isFinite(l.e[i]) ? (isFinite(l.half[i]) ? withHalf(l.e[i], l.half[i], "J", rail.floor) : bound("at least", l.e[i], "J", 2)) : "no energy" + (l.why ? ": " + l.why : "")));
    } else if (chosen) {
      var found = span(chosen[0], chosen[1]);
      if (!found || found.readings < 3) words.push("A span needs at least three readings.");
      else {
        words.push(seconds(found.end - found.start) + " from " + seconds(found.start, 5) + ", " + found.readings.toLocaleString("en") + " readings:");
        if (found.dark) words.push("no energy: it crosses a gap that nobody measured");
        else if (found.clipped) words.push(bound("at least", Math.max(found.joules - found.half, 0), "J", 3) + ": readings at the end of the meter's range");
        else words.push(withHalf(found.joules, found.half, "J", rail.floor) + " (95 %), mean " + quantity(found.joules / (found.end - found.start), "W", 4));
      }
    } else if (cursor !== null) {
      var b = blockFor(Math.max(from, cursor), Math.min(to, cursor)), k = Math.min(Math.max(lower(b.t, cursor / TICK) - 1, 0), b.n - 1);
      if (b.v[k] < 0) words.push(seconds(cursor, 6) + ": nobody measured here");
      else if (b.each > 1) words.push(seconds(cursor, 6) + ": " + quantity(b.low[k], "W", 4) + " to " + quantity(b.high[k], "W", 4) + " in " + readingsIn(b, k, k + 1).toLocaleString("en") + " readings");
      else { if (rail.line && k + 1 < b.n && cursor / TICK - b.t[k] > b.t[k + 1] - cursor / TICK) k++; words.push(seconds(b.t[k] * TICK, 6) + ": " + quantity(b.low[k], "W", 4)); }
    } else words.push("Drag over the figure to read the energy of a span; click an event to read its own, the trace for the nearest one; turn the wheel, or pinch, to zoom.");
    readout.textContent = words.join(" ");
    readout.classList.toggle("empty", !picked && !chosen && cursor === null);
  }
  var waiting = false;
  function redraw() { if (!waiting) { waiting = true; requestAnimationFrame(function () { waiting = false; draw(); describe(); }); } }
  function show(a, b) {
    var whole = rail.blocks[0], least = Math.min(SPAN, Math.max(8 * TICK, 4 * SPAN / Math.max(whole.n * whole.each, 1))), length = Math.min(Math.max(b - a, least), SPAN);
    a = Math.min(Math.max(a, 0), SPAN - length); from = a; to = a + length; redraw();
  }
  function zoom(factor, middle) { show(middle - (middle - from) * factor, middle + (to - middle) * factor); }
  function eventAt(px, py) {
    var row = Math.floor((py - TOP - HEIGHT - 9) / LANE), l = data.labels[row], best = null, near = 8;
    if (!l) return null;
    for (var i = Math.max(lower(l.start, at(px - 9) / TICK - l.lasting - 1), 0); i < l.n && l.start[i] * TICK <= at(px + 9); i++) {
      var a = x(l.start[i] * TICK), b = x(l.end[i] * TICK), off = px < a ? a - px : px > b ? px - b : 0;
      if (off < near) { near = off; best = [l, i]; }
    }
    return best;
  }
  function nearest(time, name) {
    var best = null, near = Infinity, shortest = Infinity;
    data.labels.forEach(function (l) {
      if (name && l.name !== name) return;
      for (var i = Math.max(lower(l.start, time / TICK - l.lasting - 1) - 1, 0); i < l.n; i++) {
        var a = l.start[i] * TICK, b = l.end[i] * TICK, off = time < a ? a - time : time > b ? b - time : 0;
        if (Math.abs(off) < near || (Math.abs(off) === near && b - a < shortest)) { near = Math.abs(off); shortest = b - a; best = [l, i, off]; }
        if (a > time) break;
      }
    });
    return best;
  }
  function pick(found) { picked = found; chosen = found ? [found[0].start[found[1]] * TICK, found[0].end[found[1]] * TICK] : null; redraw(); }

  var pointers = {}, began = null, pinch = null, tapped = null;
  function place(e) { var box = canvas.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; }
  function two() { var ids = Object.keys(pointers); return ids.length === 2 ? [pointers[ids[0]], pointers[ids[1]]] : null; }
  canvas.addEventListener("pointerdown", function (e) {
    var p = place(e); pointers[e.pointerId] = p;
    try { canvas.setPointerCapture(e.pointerId); } catch (ignored) { /* a pointer that is gone */ }
    var pair = two();
    if (pair) { pinch = [Math.abs(pair[0][0] - pair[1][0]) || 1, at((pair[0][0] + pair[1][0]) / 2), to - from]; began = null; return; }
    began = { x: p[0], y: p[1], time: at(p[0]), from: from, to: to, moved: false, pan: e.shiftKey || e.button === 1 || !selecting };
  });
  canvas.addEventListener("pointermove", function (e) {
    var p = place(e);
    if (pointers[e.pointerId]) pointers[e.pointerId] = p;
    var pair = two();
    if (pinch && pair) {
      var gap = Math.abs(pair[0][0] - pair[1][0]) || 1, length = Math.min(pinch[2] * pinch[0] / gap, SPAN), middle = (pair[0][0] + pair[1][0]) / 2, share = (middle - LEFT) / (width - LEFT - RIGHT);
      show(pinch[1] - share * length, pinch[1] + (1 - share) * length); return;
    }
    cursor = p[0] >= LEFT && p[0] <= width - RIGHT ? at(p[0]) : null;
    if (began && pointers[e.pointerId]) {
      if (Math.abs(p[0] - began.x) > 4) began.moved = true;
      if (began.moved && began.pan) { var shift = (p[0] - began.x) / (width - LEFT - RIGHT) * (began.to - began.from); show(began.from - shift, began.to - shift); }
      else if (began.moved) { picked = null; var a = Math.max(0, Math.min(began.time, at(p[0]))), b = Math.min(SPAN, Math.max(began.time, at(p[0]))); chosen = [a, b]; }
    }
    redraw();
  });
  function lift(e) {
    delete pointers[e.pointerId];
    if (!two()) pinch = null;
    if (began && !began.moved && e.type === "pointerup") {
      pick(began.y > TOP + HEIGHT ? eventAt(began.x, began.y) : nearest(began.time));
      if (e.pointerType === "touch") {
        if (tapped && e.timeStamp - tapped[0] < 400 && Math.abs(began.x - tapped[1]) + Math.abs(began.y - tapped[2]) < 30) toChosen();
        tapped = [e.timeStamp, began.x, began.y];
      }
    }
    began = null;
  }
  canvas.addEventListener("pointerup", lift); canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", function () { cursor = null; redraw(); });
  canvas.addEventListener("wheel", function (e) {
    if (e.deltaY > 0 && to - from >= SPAN) return;
    e.preventDefault(); zoom(Math.exp(Math.max(-1, Math.min(1, e.deltaY * (e.deltaMode ? 0.05 : 0.002)))), at(place(e)[0]));
  }, { passive: false });
  function toChosen() { if (chosen) { var m = (chosen[1] - chosen[0]) * 0.3; show(chosen[0] - m, chosen[1] + m); } }
  canvas.addEventListener("dblclick", toChosen);
  canvas.addEventListener("keydown", function (e) {
    var quarter = (to - from) / 4, done = true;
    if (e.key === "ArrowLeft") show(from - quarter, to - quarter); else if (e.key === "ArrowRight") show(from + quarter, to + quarter);
    else if (e.key === "+" || e.key === "=") zoom(0.6, (from + to) / 2); else if (e.key === "-") zoom(1 / 0.6, (from + to) / 2);
    else if (e.key === "Home") show(0, SPAN); else if (e.key === "Escape") pick(null); else if (e.key === "Enter") toChosen(); else done = false;
    if (done) e.preventDefault();
  });

  function button(text, act, into) { var b = document.createElement("button"); b.type = "button"; b.textContent = text; b.addEventListener("click", function () { act(b); }); into.appendChild(b); return b; }
  var bar = holder.querySelector(".bar");
  button("Whole run", function () { show(0, SPAN); }, bar);
  button("+", function () { zoom(0.5, (from + to) / 2); }, bar).setAttribute("aria-label", "Zoom in");
  button("−", function () { zoom(2, (from + to) / 2); }, bar).setAttribute("aria-label", "Zoom out");
  button("To the selection", toChosen, bar);
  var mode = button("Dragging selects", function (b) { selecting = !selecting; mark(); }, bar);
  function mark() { mode.textContent = selecting ? "Dragging selects" : "Dragging moves"; mode.setAttribute("aria-pressed", String(selecting)); }
  mark();
  var places = {};
  data.places.forEach(function (p) {
    if (places[p.name]) { places[p.name].push(p); return; }
    var alike = places[p.name] = [p], next = 0;
    button(p.name.charAt(0).toUpperCase() + p.name.slice(1), function () {
      var one = alike[next++ % alike.length];
      pick(one.event ? nearest((one.start + one.end) / 2, one.of) : null); show(one.start, one.end);
    }, bar);
  });
  if (data.rails.length > 1) {
    var label = document.createElement("label"), select = document.createElement("select");
    label.textContent = "Rail "; label.appendChild(select);
    data.rails.forEach(function (r, i) { var o = document.createElement("option"); o.value = i; o.textContent = r.name + " (" + r.grade + ")"; select.appendChild(o); });
    select.addEventListener("change", function () { rail = data.rails[select.value]; picked = null; extent(); redraw(); });
    bar.appendChild(label);
  }
  document.documentElement.classList.add("zooms");
  extent(); draw(); describe();
  if (window.ResizeObserver) new ResizeObserver(redraw).observe(holder); else window.addEventListener("resize", redraw);
  if (window.matchMedia) matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
