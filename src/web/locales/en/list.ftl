# The list of shares.
list-title = Shares
list-counts = How many shares there are, by verdict
list-count-all = All
list-filter = Filter
filter-branch = Branch
filter-service = Service
filter-verdict = Verdict
filter-from = From day
filter-to = To day (inclusive)
filter-any = All
filter-apply = Show
filter-reset = Reset
list-caption = Shares, the newest first
list-shown = { $count ->
        [one] { $count } share shown
       *[other] { $count } shares shown
    }
list-empty = There are no shares
    .hint = As soon as a visitor sends copies from the Diia app, they appear here.
list-empty-filtered = Nothing fits this filter
    .hint = Change or reset the filter.
column-verdict = Verdict
column-received = Received
column-branch = Branch
column-service = Service
column-notes = Worth knowing
service-unknown = undetermined
destroyed-mark = destroyed on { $day }
notes-none = no findings
notes-missing = Missing: { $documents }
notes-more = { $count ->
        [one] and { $count } more finding
       *[other] and { $count } more findings
    }
paging = Pages of the list
older = Older
newest = To the newest
