/** Attributes of `<aec-img>`, which are also properties. `docs/web.md` describes them. */
export interface AecImageAttributes {
  src?: string;
  /** Read aloud, and drawn if the picture cannot be shown. Empty for decoration. */
  alt?: string;
  /** Text of a preview, which is shown first and fades out over the picture. */
  preview?: string;
  /** In CSS pixels; with both, nothing moves when the picture comes. Styles of the page take precedence, also `object-fit`. */
  width?: number | string;
  height?: number | string;
  /** "lazy" loads the picture when it is near the window. */
  loading?: "eager" | "lazy";
}

/**
 * `<aec-img src="picture.aec" alt="...">`: an `.aec` file where an `<img>` would stand. Importing this module defines it, and
 * does nothing on a server. An `<img>` inside is shown if the picture cannot be. Of a file with bands, it shows the first
 * three as red, green and blue, or the first one as grey. Events: `preview` after the preview is shown, `load` after the
 * picture is, `previewerror` if the preview cannot be shown, and `error` if the picture cannot; the property `error` of
 * both says what was wrong.
 */
export class AecImage extends HTMLElement {
  src: string;
  alt: string;
  preview: string;
  width: number;
  height: number;
  loading: "eager" | "lazy";
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
