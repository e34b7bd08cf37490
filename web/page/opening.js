// Ways to open a picture: choose, drop and paste.

/** Call `open` with each file that a person opens. */
export function listenToOpening(open) {
  const openFirst = ({ files }) => files[0] && open(files[0]);
  const input = document.getElementById("choose");
  input.addEventListener("change", () => {
    openFirst(input);
    input.value = ""; // so that the same file can be chosen again
  });
  addEventListener("paste", ({ clipboardData }) => openFirst(clipboardData));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    openFirst(event.dataTransfer);
  });
}
