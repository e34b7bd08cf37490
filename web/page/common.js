// The theme, and the slider over two pictures.

"use strict";

function make(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

function grouped(number) {
  return Math.round(number).toLocaleString("en");
}

// A button that switches between light and dark; until then the system's choice stands.
function setUpTheme(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    label();
  });
  system.addEventListener("change", label);
  label();
}

// A slider that shows more or less of the left one of two pictures on top of each other.
class Split {
  constructor(stage, slider) {
    this.stage = stage;
    this.slider = slider;
    slider.addEventListener("input", () => this.move());
    this.listenToPointer();
    this.move();
  }

  describe(left, right) {
    this.slider.setAttribute("aria-label", `How much is shown of ${left}, left, over ${right}, right`);
  }

  move() {
    this.stage.style.setProperty("--split", `${this.slider.value}%`);
    this.slider.setAttribute("aria-valuetext", `${this.slider.value} %`);
  }

  // A mouse or a finger on the picture moves the slider as well.
  listenToPointer() {
    const follow = (event) => {
      const box = this.stage.getBoundingClientRect();
      this.slider.value = String((100 * (event.clientX - box.left)) / box.width);
      this.move();
    };
    this.stage.addEventListener("pointerdown", (event) => {
      this.stage.setPointerCapture(event.pointerId);
      follow(event);
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (this.stage.hasPointerCapture(event.pointerId)) follow(event);
    });
  }
}
