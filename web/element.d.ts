/** Attributes of `<aec-img>`, which are also properties. `docs/web.md` describes them. */
export interface AecImageAttributes {
  src?: string;
  /** Text that screen readers read, and that appears if the picture cannot be shown. Empty for decorative pictures. */
  alt?: string;
  /** Text of a preview. The element shows the preview first, and fades it out over the picture. */
  preview?: string;
  /** In CSS pixels; if both are set, the layout does not shift when the picture appears. CSS takes precedence, also for `object-fit`. */
  width?: number | string;
  height?: number | string;
  /** "lazy" loads the picture when it is near the window. */
  loading?: "eager" | "lazy";
}

/**
 * `<aec-img src="picture.aec" alt="...">` shows an `.aec` file as `<img>` shows other pictures. Importing this module defines the
 * element; on a server, it does nothing. If the picture cannot be shown, the element shows an `<img>` inside it. For a file with
 * bands, it shows the first three as red, green and blue, or the first one as grey. Events: `preview` when the preview is shown,
 * `load` when the picture is shown, `previewerror` if the preview cannot be shown, and `error` if the picture cannot be shown.
 * The last two have a property `error` with the cause.
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
