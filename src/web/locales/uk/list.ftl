# The list of shares.
list-title = Надходження
list-counts = Надходження за висновками
list-count-all = Усі
list-filter = Фільтр
filter-branch = Відділення
filter-service = Послуга
filter-verdict = Висновок
filter-from = Дата з
filter-to = Дата по
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
list-empty-filtered = За цим фільтром нічого не знайдено
    .hint = Змініть або скиньте фільтр.
column-verdict = Висновок
column-received = Надійшло
column-branch = Відділення
column-service = Послуга
column-notes = Зауваження
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
older = Давніші
newest = На початок
