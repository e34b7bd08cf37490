/**
 * `<aec-img src="picture.aec" preview="..." alt="...">`: an `.aec` file where an `<img>` would stand. Importing this module defines
 * it. `width` and `height` keep the room until the picture is there. `preview` is a text that it shows first, and that
 * fades out over the picture; without `width` and `height`, the preview's shape keeps the room. Of a file with bands, it
 * shows the first three as red, green and blue, or the first one as grey. Events: `preview` after the preview is shown, `load` after the picture is, `previewerror` if
 * the preview cannot be shown, and `error` if the picture cannot; the property `error` of both says what was wrong.
 */
export class AecImage extends HTMLElement {
  readonly complete: boolean;
  readonly naturalWidth: number;
  readonly naturalHeight: number;
}

declare global {
  interface HTMLElementTagNameMap {
    "aec-img": AecImage;
  }
  interface HTMLElementEventMap {
    previewerror: Event & { readonly error: Error };
  }
}
