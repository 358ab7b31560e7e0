// Labels are kept in the page, counted, and saved by download; saved ones can be gone on with.
"use strict";
(() => {
  const items = [...document.querySelectorAll(".item")];
  const fingerprint = document.getElementById("audit-fingerprint").textContent;
  const done = document.getElementById("audit-done");
  const chosen = (item) => item.querySelector("input[type=radio]:checked");
  const remark = (item) => item.querySelector(".remark");
  const tell = () => {
    done.textContent = `${items.filter(chosen).length} of ${items.length}`;
  };
  const labels = () =>
    items
      .filter((item) => chosen(item))
      .map((item) => ({ id: item.dataset.id, label: chosen(item).value, note: remark(item).value }));
  const save = (name, type, text) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

  document.addEventListener("change", tell);
  document.getElementById("audit-json").addEventListener("click", () => {
    save("labels.json", "application/json", JSON.stringify({ fingerprint, labels: labels() }, null, 1));
  });
  document.getElementById("audit-csv").addEventListener("click", () => {
    const lines = labels().map((one) => [one.id, one.label, one.note].map(quoted).join(","));
    save("labels.csv", "text/csv", ["id,label,note", ...lines, ""].join("\r\n"));
  });
  document.getElementById("audit-load").addEventListener("change", async (event) => {
    const saved = JSON.parse(await event.target.files[0].text());
    if (saved.fingerprint !== fingerprint) return;
    const byId = new Map(saved.labels.map((one) => [one.id, one]));
    for (const item of items) {
      const one = byId.get(item.dataset.id);
      if (!one) continue;
      remark(item).value = one.note;
      for (const radio of item.querySelectorAll("input[type=radio]")) radio.checked = radio.value === one.label;
    }
    tell();
  });
})();
