# The list of shares.
list-title = Надходження
list-counts = Скільки надходжень і з яким висновком
list-count-all = Усі
list-filter = Відбір
filter-branch = Відділення
filter-service = Послуга
filter-verdict = Висновок
filter-from = Від дня
filter-to = До дня (включно)
filter-any = Усі
filter-apply = Показати
filter-reset = Скинути
list-caption = Надходження, найновіші вгорі
list-shown = { $count ->
        [one] Показано { $count } надходження
        [few] Показано { $count } надходження
       *[other] Показано { $count } надходжень
    }
list-empty = Надходжень немає
    .hint = Щойно відвідувач надішле копії із застосунку Дія, вони з’являться тут.
list-empty-filtered = За цим відбором нічого не знайдено
    .hint = Змініть або скиньте відбір.
column-verdict = Висновок
column-received = Надійшло
column-branch = Відділення
column-service = Послуга
column-notes = Що варто знати
service-unknown = не визначено
destroyed-mark = знищено { $day }
notes-none = зауважень немає
notes-missing = Бракує: { $documents }
notes-more = { $count ->
        [one] і ще { $count } зауваження
        [few] і ще { $count } зауваження
       *[other] і ще { $count } зауважень
    }
paging = Сторінки списку
older = Старіші
newest = До найновіших
