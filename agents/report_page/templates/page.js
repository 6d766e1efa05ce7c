"use strict";
(() => {
  const tip = document.getElementById("tip");
  const spoken = document.getElementById("spoken");

  // what is told of a mark, and the same step lit up wherever it stands in its section
  function light(mark) {
    document.querySelectorAll(".on").forEach((e) => e.classList.remove("on"));
    if (!mark) return;
    mark.classList.add("on");
    const step = mark.dataset.step;
    if (!step) return;
    mark.closest("[data-plan]").querySelectorAll(`[data-step="${step}"]:not(.bar-hit)`).forEach((e) => e.classList.add("on"));
  }
  function place(x, y) {
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(6, x + 14), innerWidth - box.width - 6);
    const top = y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18;
    tip.style.transform = `translate(${Math.max(6, left)}px, ${Math.max(6, top)}px)`;
  }
  function show(mark, x, y) {
    tip.textContent = mark.dataset.tip;
    tip.hidden = false;
    light(mark);
    place(x, y);
  }
  function hide() {
    tip.hidden = true;
    light(null);
  }
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest && event.target.closest("[data-tip]");
    if (mark) show(mark, event.clientX, event.clientY);
    else if (!tip.hidden && event.pointerType === "mouse") hide();
  });
  document.addEventListener("pointerdown", (event) => {
    const mark = event.target.closest("[data-tip]");
    if (mark) show(mark, event.clientX, event.clientY);
    else hide();
  });
  document.addEventListener("scroll", hide, { passive: true, capture: true });

  // by keyboard: a figure is one stop, "," and "." go from mark to mark
  document.querySelectorAll("[data-walk]").forEach((figure) => {
    let at = -1;
    figure.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      const step = { ".": 1, ",": -1 }[event.key];
      if (!step) return;
      const marks = figure.querySelectorAll("[data-tip]");
      if (!marks.length) return;
      event.preventDefault();
      at = (at + step + marks.length) % marks.length;
      const box = marks[at].getBoundingClientRect();
      show(marks[at], box.x + box.width / 2, box.y + box.height / 2);
      spoken.textContent = marks[at].dataset.tip;
    });
    figure.addEventListener("blur", hide);
  });

  // maps and graphs: zoom and pan by moving the view box
  document.querySelectorAll(".scene").forEach((scene) => {
    const svg = scene.querySelector("svg");
    const numbers = (text) => text.split(" ").map(Number);
    const first = numbers(svg.getAttribute("viewBox"));
    const whole = numbers(svg.dataset.whole);
    let view = [...first];
    const perPixel = () => Math.max(view[2] / svg.clientWidth, view[3] / svg.clientHeight);
    function draw() {
      svg.setAttribute("viewBox", view.map((v) => v.toFixed(4)).join(" "));
      if (svg.clientWidth) svg.style.setProperty("--px", perPixel());
      scene.classList.toggle("close", svg.clientWidth >= 640 || view[2] <= first[2] / 1.9);
    }
    function zoom(factor, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) {
      const width = Math.min(Math.max(view[2] * factor, whole[2] / 400), whole[2] * 1.2);
      const k = width / view[2];
      view = [x - (x - view[0]) * k, y - (y - view[1]) * k, view[2] * k, view[3] * k];
      draw();
    }
    function pan(dx, dy) {
      view[0] = Math.min(Math.max(view[0] + dx, whole[0] - view[2] / 2), whole[0] + whole[2] - view[2] / 2);
      view[1] = Math.min(Math.max(view[1] + dy, whole[1] - view[3] / 2), whole[1] + whole[3] - view[3] / 2);
      draw();
    }
    const acts = {
      in: () => zoom(1 / 1.5),
      out: () => zoom(1.5),
      plan: () => { view = [...first]; draw(); },
      all: () => { view = [...whole]; draw(); },
    };
    scene.querySelectorAll("button").forEach((button) => button.addEventListener("click", acts[button.dataset.act]));
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // plain scrolling stays the page's
      event.preventDefault();
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      zoom(Math.exp(event.deltaY / 400), at.x, at.y);
    }, { passive: false });
    let held = null;
    svg.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY]; });
    svg.addEventListener("pointermove", (event) => {
      if (!held || !event.buttons) return void (held = null);
      if (!svg.classList.contains("held") && Math.hypot(event.clientX - held[0], event.clientY - held[1]) < 4) return;
      svg.classList.add("held");
      svg.setPointerCapture(event.pointerId);
      pan((held[0] - event.clientX) * perPixel(), (held[1] - event.clientY) * perPixel());
      held = [event.clientX, event.clientY];
    });
    const release = () => { held = null; svg.classList.remove("held"); };
    svg.addEventListener("pointerup", release);
    svg.addEventListener("pointercancel", release);
    svg.addEventListener("keydown", (event) => {
      const step = 0.1 * view[2];
      const keys = {
        "+": acts.in, "=": acts.in, "-": acts.out, "0": acts.plan,
        ArrowLeft: () => pan(-step, 0), ArrowRight: () => pan(step, 0),
        ArrowUp: () => pan(0, -step), ArrowDown: () => pan(0, step),
      };
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    new ResizeObserver(draw).observe(svg);
    draw();
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((e) => { if (!e.classList.contains("raw")) e.open = true; }));
})();
