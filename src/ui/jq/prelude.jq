# What jq has and the library lacks or means otherwise.

def halt_error: halt_error(5);
def getpath($path): if ($path | length) > 10000 then error("Path too deep") else reduce $path[] as $p (.; .[$p]) end;
def del(f): delpaths([path(f)]);
def to_entries: [keys_unsorted[] as $k | {key: $k, value: .[$k]}];
def from_entries: reduce (.[] | {
    (.key // .k // .name // .Name // .Key // .K
      | if type == "string" then . elif . == null then "null" else tojson end):
    (if type == "object" and has("value") then .value elif type == "object" and has("v") then .v else .Value end)
  }) as $entry ({}; . + $entry);
def with_entries(f): to_entries | map(f) | from_entries;
def join($separator): reduce .[] as $item (null;
    (if . == null then "" else . + $separator end)
    + ($item | if type == "boolean" or type == "number" then tojson else . // "" end)
  ) // "";
def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) end | f; w;
def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));
def flatten($depth):
  def level($n): reduce .[] as $item ([];
    if ($item | type) == "array" and $n != 0 then . + ($item | level($n - 1)) else . + [$item] end);
  if $depth < 0 then error("flatten depth must not be negative") else level($depth) end;
def flatten: flatten(1e9);
def transpose: [range(0; map(length) | max // 0) as $i | [.[][$i]]];
def combinations:
  if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $top | [range(n) | $top] | combinations;
def _range($from; $to; $by): range($from; $to; $by);
def range($from; $to; $by): if $by == 0 then empty else _range($from; $to; $by) end;
def _limit($n; f): limit($n; f);
def limit($n; f): if $n < 0 then error("limit doesn't support negative count") else _limit($n; f) end;
def _skip($n; f): skip($n; f);
def skip($n; f): if $n < 0 then error("skip doesn't support negative count") else _skip($n; f) end;
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;

def isfinite: type == "number" and (isinfinite | not);
def finites: select(isfinite);
def normals: select(isnormal);
def logb: if . == 0 then -infinite elif isinfinite then infinite elif isnan then . else ilogb + 0.0 end;
def significand: if isinfinite or isnan or . == 0 then . else scalbln(.; -ilogb) end;
def index($wanted): indices($wanted) | .[0]?;
def rindex($wanted): indices($wanted) | .[-1:]? | .[0]?;
def ascii: [.] | implode;
def toarray: if type == "array" then . else [.] end;
def ltrimstr($start): if startswith($start) then .[($start | length):] end;
def rtrimstr($end): if endswith($end) then .[:length - ($end | length)] end;
def have_decnum: true;
def have_literal_numbers: true;
def trimstr($text): ltrimstr($text) | rtrimstr($text);

def @csv: format_csv;
def @tsv: format_tsv;

def IN(f): any(f == .; .);
def IN(source; f): any(source == f; .);
def INDEX(source; f): reduce source as $row ({}; .[$row | f | tostring] = $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; source; f): source | [., $index[f]];
def JOIN($index; source; f; join): source | [., $index[f]] | join;

def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): {x: null, e: false} as $start
  | foreach f as $event ($start;
      if .e then $start end
      | if ($event | length) == 2 then .e = (($event[0] | length) == 0) | setpath(["x"] + $event[0]; $event[1])
        else .e = (($event[0] | length) == 1) end;
      if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $event
  | if ($event[0] | length) > $n then setpath([0]; $event[0][$n:]) else empty end;

def match($re): if ($re | type) == "array" then match($re[0]; $re[1] // "") else match($re; "") end;
def test($re): if ($re | type) == "array" then test($re[0]; $re[1] // "") else test($re; "") end;
def capture($re): if ($re | type) == "array" then capture($re[0]; $re[1] // "") else capture($re; "") end;
def scan($re): if ($re | type) == "array" then scan($re[0]; $re[1] // "") else scan($re; "") end;

# There is one input: the document, or the item.
def input: error("No more inputs");
def inputs: empty;
def input_line_number: 0;
def input_filename: null;
def env: $ENV;
