// Each module brings a part of the page to life; without any of them its forms and links still work.

import { readyCards } from "./cards.js";
import { readyLineage } from "./lineage.js";
import { listen, refresh } from "./live.js";
import { readyForms } from "./forms.js";
import { readyClips } from "./clips.js";
import { readyKeys } from "./keys.js";

readyCards();
readyForms();
readyClips();
readyLineage();
if ("keys" in document.body.dataset) readyKeys();
if ("live" in document.body.dataset) listen();
if ("refresh" in document.body.dataset) refresh(Number(document.body.dataset.refresh));
