// Units, partners and substances as options that can be searched, in the language chosen.

import { pick, t } from "/static/js/words.js";

/** {unitOptions, receiverOptions, substanceOptions} of what the gateway gave. */
export function optionsOf({ units, partners, substances }) {
  const unitOptions = units.map(({ code, name, level, above, also }) => ({
    value: code, label: name, beside: [t(`level.${level}`), above].filter(Boolean).join(" · "), also,
  }));
  return {
    unitOptions,
    receiverOptions: [...unitOptions, ...partners.map(({ code, name }) => ({ value: code, label: name, beside: t("level.partner") }))],
    substanceOptions: substances.map(({ id, name, also }) => ({ value: id, label: pick(name), beside: also.slice(0, 2).join(", "), also: [...name, ...also] })),
  };
}
