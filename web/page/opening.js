// Ways to open a picture: choose, photograph, drop and paste.

/** Call `open` with each file that a person opens. */
export function listenToOpening(open) {
  for (const id of ["choose", "photograph"]) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      if (input.files[0]) open(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
  }
  addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData.files[0]) open(clipboardData.files[0]);
  });
  listenToDrops(open);
}

function listenToDrops(open) {
  let depth = 0; // of elements that the pointer entered and did not leave
  const show = () => document.body.classList.toggle("dropping", depth > 0);
  const hasFiles = (event) => event.dataTransfer.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show();
  });
  addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    show();
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    show();
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
}
