import type { ClassAttributes, HTMLAttributes } from "react";
import type { AecImageAttributes } from "./element.js";

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "aec-img": AecImageAttributes & HTMLAttributes<HTMLElement> & ClassAttributes<HTMLElement>;
    }
  }
}
