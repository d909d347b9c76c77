// What fields, kinds, stages and reasons are called on the page. A name that is not here is shown as words of its own.

export const KINDS = {
  auto: ["Automatic", "the reader decides"],
  mrz: ["Machine readable zone", "passport, visa or card with lines of <<<"],
  "id-card": ["Identity document", "card, licence or passport"],
  mykad: ["MyKad", "Malaysian identity card"],
  "payment-card": ["Payment card", "number and end of validity"],
};

export const STAGES = { uploading: "Upload", queued: "Queue", compressing: "Prepare", reading: "Read", parsing: "Check", done: "Done" };

const NAMES = {
  ic_number: "IC number",
  address_line_1: "Address, line 1",
  address_line_2: "Address, line 2",
  valid_thru: "Valid thru",
  mrz: "MRZ",
};

const SMALL = { mrz: "MRZ", ic: "IC", id: "ID", pin: "PIN", iin: "IIN" };

/** `document_number` as `Document number`. */
export function named(name) {
  if (NAMES[name]) return NAMES[name];
  const words = name.split(/[_-]/).map((word) => SMALL[word] ?? word).join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export const REASONS = {
  damaged_picture: "The file is damaged",
  too_many_pixels: "The picture is too large",
  unsupported_picture: "This kind of picture is not read here",
  no_document: "No document found",
  no_mrz: "No machine readable zone on this side",
  too_small: "The print is too small",
  blurred: "The picture is blurred",
  glare: "Light reflects on the document",
  cut_off: "The document is cut off",
  unreadable: "The print could not be read",
  wrong_check_digits: "The document's own check digits are wrong",
  reader_failed: "The reader failed; the picture may be fine",
};

export const VERDICTS = { pass: "passed", fail: "failed", not_applicable: "does not apply" };
