/*
 * The style of the page. One string for each rule; see html_head for how they come
 * into a page that allows no other style.
 */
#include "report/html_private.h"

/* Only what is shown of a status is left, in the tree and below it. */
#define FILTER(status)                                                                 \
	"#files:has(#show-" status ":checked) :is(.leaf,.file):not(.s-" status "),"    \
	"#files:has(#show-" status ":checked) .folder:not(.h-" status ")"

/* clang-format off */
const char *const html_style[] = {
    /* colours: ink on paper, three tones, one accent */
    ":root{--paper:#fdfdfb;--ink:#1d2125;--soft:#555c63;--rule:#dcdcd6;"
        "--card:#f5f5f1;--accent:#24506b;--good:#1b5f35;--good-bg:#eaf3ec;"
        "--bad:#971c1c;--bad-bg:#fbeeec;--open:#6f470a;--open-bg:#f8f1e1;"
        "--mark:#ffe2a8;--mark-ink:#1d2125;--r-content:#dbe4ea;"
        "--r-signature:#e6dbec;--r-derived:#dcebdf;--r-metadata:#ece5d3;"
        "--r-padding:#ececec;--r-mixed:#e2dfd9;--tick:#b3261e;"
        "--serif:\"Iowan Old Style\",\"Palatino Linotype\",Palatino,"
        "\"URW Palladio L\",P052,Georgia,serif;--mono:ui-monospace,\"SF Mono\","
        "\"Cascadia Mono\",Menlo,\"DejaVu Sans Mono\",Consolas,monospace}\n",
    "@media(prefers-color-scheme:dark){:root{--paper:#15181b;--ink:#e3e6e8;"
        "--soft:#a5adb5;--rule:#353c43;--card:#1d2226;--accent:#93c1dc;"
        "--good:#86d3a0;--good-bg:#17271d;--bad:#ffa79e;--bad-bg:#311b1a;"
        "--open:#eec475;--open-bg:#2d2413;--mark:#5e450f;--mark-ink:#fff3d6;"
        "--r-content:#2b3b47;--r-signature:#3c2f47;--r-derived:#27402f;"
        "--r-metadata:#423a26;--r-padding:#2a2e32;--r-mixed:#37352f;"
        "--tick:#ff8a80}}\n",
    /* the page and its type */
    "*{box-sizing:border-box}\n",
    "html{-webkit-text-size-adjust:100%}\n",
    "body{font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",Roboto,"
        "\"Liberation Sans\",sans-serif;color:var(--ink);background:var(--paper);"
        "max-width:72rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}\n",
    "h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.25;"
        "overflow-wrap:anywhere}\n",
    "h1{font-size:2rem;margin:.25rem 0 1.5rem}\n",
    "h2{font-size:1.5rem;margin:0 0 1rem}\n",
    "h3{font-size:1.15rem;margin:1.5rem 0 .5rem}\n",
    "h4{font-size:1rem;margin:1.5rem 0 .5rem}\n",
    "h5{font-size:.85rem;margin:0 0 .25rem;color:var(--soft);font-weight:600}\n",
    "p{margin:.5rem 0}\n",
    "ul,ol{margin:.5rem 0;padding-left:1.4rem}\n",
    "small{color:var(--soft);font-size:.85em}\n",
    "code,pre{font-family:var(--mono);font-size:.86em}\n",
    "p,li,dd,td,code,summary{overflow-wrap:anywhere}\n",
    "a{color:var(--accent)}\n",
    "pre{background:var(--card);border-radius:.35rem;padding:.6rem .8rem;"
        "margin:.4rem 0;white-space:pre-wrap;overflow-wrap:anywhere}\n",
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}\n",
    "[hidden]{display:none!important}\n",
    ".cut,.scope,.counts{color:var(--soft)}\n",
    ".skip{position:absolute;left:-99rem}\n",
    ".skip:focus{left:1rem;top:.5rem;background:var(--paper);"
        "padding:.4rem .8rem;z-index:1}\n",
    "main>section{margin:3rem 0 0;padding-top:2rem;"
        "border-top:1px solid var(--rule)}\n",
    ".brand{margin:0;color:var(--soft);letter-spacing:.04em}\n",
    "nav ul{list-style:none;margin:1.5rem 0 0;padding:0;display:flex;"
        "flex-wrap:wrap;gap:.25rem 1.25rem}\n",
    "nav a{display:inline-block;padding:.25rem 0}\n",
    /* a status: a word, a sign before it, and a colour */
    ".word{font:600 .82rem/1.3 var(--mono);padding:.1rem .45rem;"
        "border-radius:.25rem;white-space:nowrap;border:1px solid}\n",
    ".word.good{background:var(--good-bg)}\n",
    ".word.bad{background:var(--bad-bg)}\n",
    ".word.open{background:var(--open-bg)}\n",
    ".good,.proved{color:var(--good)}\n",
    ".bad{color:var(--bad)}\n",
    ".open,.likely{color:var(--open)}\n",
    ".word.good::before{content:\"\\2713  \";content:\"\\2713  \"/\"\"}\n",
    ".word.bad::before{content:\"\\2715  \";content:\"\\2715  \"/\"\"}\n",
    ".word.open::before{content:\"\\25CB  \";content:\"\\25CB  \"/\"\"}\n",
    /* the verdict */
    "main>section.verdict{border:1px solid var(--rule);border-left:.5rem solid;"
        "border-radius:.4rem;padding:1.5rem 1.75rem;margin:0;"
        "background:var(--card)}\n",
    ".verdict>*{color:var(--ink)}\n",
    ".tone-good{border-left-color:var(--good)!important}\n",
    ".tone-bad{border-left-color:var(--bad)!important}\n",
    ".tone-open{border-left-color:var(--open)!important}\n",
    ".verdict h2{font-size:1.9rem;margin:0}\n",
    ".verdict h2 .word{font:inherit;border:0;padding:0;background:none;"
        "white-space:normal}\n",
    ".says{font-size:1.1rem;margin:.25rem 0}\n",
    ".says::first-letter{text-transform:uppercase}\n",
    ".verdict .scope,.verdict .counts{color:var(--soft)}\n",
    ".answers{display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;margin:1.25rem 0}\n",
    ".answers dt{font-size:.85rem;color:var(--soft)}\n",
    ".answers dd{margin:.15rem 0 0}\n",
    "svg.counts{display:block;border-radius:.2rem}\n",
    ".c-good{fill:var(--good)}\n",
    ".c-bad{fill:var(--bad)}\n",
    ".c-open{fill:var(--open)}\n",
    "svg.counts rect{stroke:var(--card);stroke-width:1}\n",
    /* facts and tables */
    ".facts{margin:.5rem 0;display:grid;gap:.2rem 1rem}\n",
    ".facts>div{display:grid;grid-template-columns:minmax(7rem,13rem) 1fr;"
        "gap:.25rem 1rem}\n",
    ".facts dt{color:var(--soft)}\n",
    ".facts dd{margin:0}\n",
    ".facts:empty{display:none}\n",
    "table{border-collapse:collapse;width:100%;margin:.75rem 0}\n",
    "caption{text-align:left;color:var(--soft);font-size:.85rem;"
        "padding:.2rem 0}\n",
    "th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0}\n",
    ".rows th{font-size:.85rem;color:var(--soft);"
        "border-bottom:2px solid var(--rule)}\n",
    ".rows td{border-bottom:1px solid var(--rule)}\n",
    ".number{white-space:nowrap}\n",
    ".rows td:empty{color:transparent}\n",
    "summary{cursor:pointer;padding:.15rem 0}\n",
    "details>summary:hover{text-decoration:underline}\n",
    /* filters, the tree */
    "fieldset{border:0;margin:0 0 1rem;padding:0;display:flex;flex-wrap:wrap;"
        "gap:.4rem .5rem;align-items:center}\n",
    "legend{float:left;padding:0 .5rem 0 0;color:var(--soft)}\n",
    "fieldset label{border:1px solid var(--rule);border-radius:1rem;"
        "padding:.2rem .75rem .2rem .5rem;cursor:pointer}\n",
    "fieldset label:has(:checked){border-color:var(--accent);"
        "background:var(--card)}\n",
    "input{accent-color:var(--accent)}\n",
    "@supports not selector(:has(a)){fieldset{display:none}}\n",
    "#tools{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;"
        "margin:0 0 1rem}\n",
    "#tools:empty{display:none}\n",
    "#tools label{flex:1 1 16rem;font-size:.85rem;color:var(--soft)}\n",
    "#tools input{display:block;width:100%;font:inherit;font-size:1rem;"
        "padding:.4rem .6rem;color:var(--ink);background:var(--paper);"
        "border:1px solid var(--soft);border-radius:.3rem}\n",
    "#tools button{font:inherit;padding:.4rem .8rem;color:var(--ink);"
        "background:var(--card);border:1px solid var(--soft);border-radius:.3rem;"
        "cursor:pointer}\n",
    ".tree,.tree ul{list-style:none;padding-left:0;margin:0}\n",
    ".tree ul{padding-left:1rem;margin-left:.35rem;"
        "border-left:1px solid var(--rule)}\n",
    ".tree summary{padding:.2rem 0}\n",
    ".tree .leaf>p{margin:0;padding:.2rem 0 .2rem 1.05rem}\n",
    ".leaf details p{margin:.1rem 0 .4rem 1.05rem;font-size:.9rem}\n",
    ".name{font:600 .9rem var(--mono)}\n",
    ".box.name::after{content:\" \\25A4\"/\" container\";color:var(--soft);"
        "font-weight:400}\n",
    ".tally{font-size:.85rem;color:var(--soft);margin-left:.5rem}\n",
    FILTER("identical") ",",
    FILTER("signature-only") ",",
    FILTER("explained") ",",
    FILTER("different") ",",
    FILTER("missing") ",",
    FILTER("extra") ",",
    FILTER("unbuilt") ",",
    FILTER("unaccounted") ",",
    FILTER("undecided") ",",
    FILTER("other") "{display:none}\n",
    /* one file */
    "article{margin:2.5rem 0;padding:1.25rem 1.5rem 1.5rem;"
        "border:1px solid var(--rule);border-radius:.4rem}\n",
    "article h3{margin:0 0 .75rem;font:400 1rem/1.5 var(--mono)}\n",
    "article h3 code{font-size:.95em;color:var(--soft)}\n",
    "article h3 code b,.signature h3 code{color:var(--ink)}\n",
    ".reason{font-size:1.05rem}\n",
    ".where p{margin:.5rem 0 .1rem;font-size:.85rem;color:var(--soft)}\n",
    ".where ul{padding:0;list-style:none;font-size:.9rem}\n",
    "svg.map{display:block;overflow:visible}\n",
    ".whole{fill:var(--r-padding);stroke:var(--soft)}\n",
    ".t-content{fill:var(--r-content)}\n",
    ".t-signature{fill:var(--r-signature)}\n",
    ".t-derived{fill:var(--r-derived)}\n",
    ".t-metadata{fill:var(--r-metadata)}\n",
    ".t-padding{fill:var(--r-padding)}\n",
    ".t-mixed{fill:var(--r-mixed)}\n",
    ".map svg rect{stroke:var(--paper)}\n",
    ".map text{font:.78rem var(--mono);fill:var(--ink)}\n",
    ".tick{fill:var(--tick);stroke:var(--tick)}\n",
    ".differences{list-style:none;padding:0}\n",
    ".difference{margin:1.25rem 0;padding-left:1rem;"
        "border-left:3px solid var(--rule)}\n",
    ".place{font:600 .9rem/1.5 var(--mono)}\n",
    ".cause{margin:.5rem 0}\n",
    ".cause p{margin:.25rem 0}\n",
    ".sure{font-size:.85rem;border:1px solid;border-radius:.25rem;"
        "padding:.05rem .4rem}\n",
    ".sure.likely{border-style:dashed}\n",
    ".follows{color:var(--soft);margin-top:1rem}\n",
    "mark{background:var(--mark);color:var(--mark-ink);"
        "text-decoration:underline 2px;text-underline-offset:2px;font-weight:600}\n",
    ".scroll{overflow-x:auto}\n",
    ".pair{font:.8rem/1.6 var(--mono);width:auto;margin:.25rem 0}\n",
    ".pair th,.pair td{padding:0 .9rem 0 0;white-space:pre;font-weight:400}\n",
    ".pair th{color:var(--soft)}\n",
    ".pair caption{font-family:system-ui,sans-serif;white-space:normal}\n",
    ".pair th.r,.pair thead th:nth-child(4){padding-left:.9rem;"
        "border-left:1px solid var(--rule)}\n",
    ".pair.code td.text{white-space:pre-wrap;min-width:12rem}\n",
    ".lines{display:grid;grid-template-columns:1fr 1fr;gap:1rem;margin:.5rem 0}\n",
    ".lines div{min-width:0}\n",
    ".lines pre{margin:0}\n",
    /* chains */
    ".chain{list-style:none;padding:0;margin:1rem 0}\n",
    ".chain .box{position:relative;border:1px solid var(--rule);"
        "border-radius:.4rem;background:var(--card);padding:.75rem 1rem;"
        "margin:0 0 1.75rem;max-width:46rem}\n",
    ".chain .box:last-child{margin-bottom:0}\n",
    ".chain .box:not(:last-child)::after{content:\"\\2191\";"
        "content:\"\\2191\"/\"\";position:absolute;left:1.5rem;bottom:-1.7rem;"
        "font-size:1.1rem;line-height:1.7rem;color:var(--soft)}\n",
    ".box.anchor{border:2px solid var(--good)}\n",
    ".box.loose{border-style:dashed}\n",
    ".box p{margin:.1rem 0}\n",
    ".role{font-size:.85rem;color:var(--soft)}\n",
    ".who{font-weight:600}\n",
    ".stamp{margin:1rem 0 0 1.5rem;padding-left:1rem;"
        "border-left:3px double var(--rule)}\n",
    "footer{margin-top:4rem;padding-top:1rem;border-top:1px solid var(--rule);"
        "color:var(--soft);font-size:.9rem}\n",
    /* a narrow page */
    "@media(max-width:46rem){body{padding:1rem .9rem 3rem}\n",
    "h1{font-size:1.5rem}\n",
    ".verdict h2{font-size:1.4rem}\n",
    "main>section.verdict{padding:1rem 1.1rem}\n",
    "article{padding:1rem .8rem}\n",
    ".facts>div{grid-template-columns:1fr;gap:0}\n",
    ".facts{gap:.4rem}\n",
    ".lines{grid-template-columns:1fr}\n",
    ".tree ul{padding-left:.6rem;margin-left:.15rem}\n",
    ".stamp{margin-left:0}\n",
    ".difference{padding-left:.6rem}\n",
    ".rows,.rows tbody,.rows tr,.rows td{display:block}\n",
    ".rows thead,.pair thead{position:absolute;left:-99rem}\n",
    ".rows tr{border-bottom:1px solid var(--rule);padding:.5rem 0}\n",
    ".rows td{border:0;padding:.1rem 0}\n",
    ".rows td:empty{display:none}\n",
    ".rows td::before{content:attr(data-name) \": \";color:var(--soft)}\n",
    ".rows caption{display:block}\n",
    ".pair{font-size:.72rem}\n",
    ".pair.code th:empty,.pair.code td:empty{display:none}\n",
    ".difference .difference{padding-left:.35rem}\n",
    ".pair tr{display:grid;grid-template-columns:auto auto 1fr;"
        "margin-bottom:.3rem}\n",
    ".pair th.r{border:0;padding-left:0}\n",
    ".pair th::before{content:\"S \"}\n",
    ".pair th.r::before{content:\"R \"}\n",
    ".pair td,.pair th{padding-right:.55rem}\n",
    ".pair.code tr{grid-template-columns:auto 1fr}\n",
    ".pair.code td{grid-column:2;white-space:pre-wrap}}\n",
    /* paper: ink only, everything unfolded */
    "@media print{:root{--paper:#fff;--ink:#000;--soft:#333;--rule:#999;"
        "--card:#fff;--accent:#000;--good:#000;--bad:#000;--open:#000;"
        "--good-bg:#fff;--bad-bg:#fff;--open-bg:#fff;--mark:#ddd;--mark-ink:#000;"
        "--tick:#000;--r-content:#eee;--r-signature:#ddd;--r-derived:#f4f4f4;"
        "--r-metadata:#e4e4e4;--r-padding:#fff;--r-mixed:#e8e8e8}\n",
    "body{max-width:none;padding:0;font-size:10pt}\n",
    "nav,#tools,fieldset,.skip,svg.counts{display:none}\n",
    "details::details-content{content-visibility:visible;display:block;"
        "block-size:auto}\n",
    "summary{list-style:none}\n",
    "h2,h3,h4,.place,summary{break-after:avoid}\n",
    ".box,.verdict,.pair tr,.rows tr{break-inside:avoid}\n",
    ".scroll{overflow:visible}\n",
    "main>section{margin-top:1.5rem}\n",
    "a{color:inherit}}\n",
    NULL,
};
