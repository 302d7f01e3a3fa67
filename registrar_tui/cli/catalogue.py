"""Every command by name, with the line its help begins with and the function that runs it."""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM_HELP = (
    "Запись пациентов поликлиники. Без команды открывает рабочее место регистратора; "
    "команды ниже делают то же из сценария. Параметры команды: registrar КОМАНДА --help."
)


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: `registrar_tui.cli.<module>:<function>`."""

    module: str
    function: str
    help: str
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Noun:
    """A group of commands."""

    help: str
    verbs: dict[str, Verb]


Entry = Verb | Noun

CATALOGUE: dict[str, Entry] = {
    "find": Verb(
        "find",
        "find",
        "Найти пациента по любому фрагменту: ФИО, год, документ, телефон, талон.",
        "Пример: registrar find ива ив 58",
    ),
    "book": Verb(
        "book",
        "book",
        "Записать пациента на приём.",
        "Пример: registrar book --patient 12 --specialty терапевт --first-free --print",
    ),
    "move": Verb("move", "move", "Перенести приём на другое время.", "Пример: registrar move 31 --slot 4058"),
    "cancel": Verb(
        "cancel", "cancel", "Отменить приём.", "Пример: registrar cancel 31 --reason patient-request"
    ),
    "undo": Verb(
        "undo",
        "undo",
        "Вернуть последнее действие этого рабочего места: запись, перенос и так далее.",
    ),
    "arrive": Verb("arrive", "arrive", "Отметить, что пациент пришёл."),
    "ticket": Noun(
        "Талоны: печать и проверка.",
        {
            "print": Verb("ticket", "print_ticket", "Напечатать талон ещё раз."),
            "verify": Verb("ticket", "verify", "Проверить код предъявленного талона."),
            "batch": Verb("ticket", "batch", "Собрать талоны дня или таблицы в один файл."),
        },
    ),
    "patient": Noun(
        "Карточки пациентов: показать, найти похожие, объединить.",
        {
            "show": Verb("patient", "show", "Показать карточку пациента."),
            "duplicates": Verb(
                "patient",
                "list_duplicates",
                "Найти карточки того же человека: для одной карточки или по всей базе.",
                "Пример: registrar patient duplicates 199",
            ),
            "merge": Verb(
                "patient",
                "merge",
                "Объединить две карточки одного человека: вторая присоединяется к первой.",
                "Пример: registrar patient merge 199 512 --reason 'один человек' --dry-run",
            ),
            "unmerge": Verb("patient", "unmerge", "Разъединить: вернуть карточке всё, что от неё перешло."),
        },
    ),
    "visit": Noun(
        "Приёмы.",
        {
            "show": Verb("visit", "show", "Показать приём и его историю."),
            "list": Verb("visit", "list_visits", "Перечислить приёмы дня."),
        },
    ),
    "slot": Noun(
        "Бирки расписания.",
        {
            "list": Verb(
                "slot",
                "list_slots",
                "Перечислить бирки врача или специальности.",
                "Пример: registrar slot list --specialty кардиолог --free --from 24.11.2026",
            )
        },
    ),
    "doctor": Noun(
        "Врачи.", {"list": Verb("doctor", "list_doctors", "Перечислить врачей и ближайшее свободное время.")}
    ),
    "check": Verb(
        "check",
        "check",
        "Проверить документ, контакт или таблицу пациентов, не обращаясь к базе.",
        "Пример: registrar check snils 112-233-445 95",
    ),
    "import": Noun(
        "Загрузить таблицу; прерванная загрузка при повторе продолжается.",
        {
            "patients": Verb(
                "importing",
                "import_patients",
                "Добавить и обновить пациентов: по полису, СНИЛС, ФИО с датой рождения.",
                "Пример: registrar import patients people.csv --dry-run",
            ),
            "doctors": Verb("importing", "import_doctors", "Добавить и обновить врачей с кабинетами."),
            "schedule": Verb(
                "importing", "import_schedule", "Добавить и обновить смены и открыть бирки на две недели."
            ),
            "visits": Verb(
                "importing",
                "import_visits",
                "Записать по таблице: бумажный день после сбоя, массовая запись.",
                "Пример: registrar import visits paper.xlsx --rejects conflicts.csv",
            ),
            "cancellations": Verb("importing", "import_cancellations", "Отменить приёмы по таблице."),
        },
    ),
    "export": Noun(
        "Выгрузить таблицу; выгрузка отмечается в журнале.",
        {
            "patients": Verb("exporting", "export_patients", "Выгрузить всех пациентов."),
            "schedule": Verb("exporting", "export_schedule", "Выгрузить бирки расписания."),
            "visits": Verb(
                "exporting",
                "export_visits",
                "Выгрузить приёмы.",
                "Пример: registrar export visits --from 24.11.2026 --to 24.11.2026 --out day.xlsx",
            ),
        },
    ),
    "rule": Noun("Правила записи.", {"list": Verb("rule", "list_rules", "Перечислить действующие правила.")}),
    "operator": Noun(
        "Вход и операторы.",
        {
            "login": Verb("operator", "login", "Войти: пароль спрашивается или читается из stdin."),
            "logout": Verb("operator", "logout", "Выйти: вход этого пользователя больше не действует."),
            "whoami": Verb("operator", "whoami", "Показать, кто вошёл и до какого времени."),
            "list": Verb("operator", "list_operators", "Перечислить операторов."),
            "add": Verb(
                "operator",
                "add",
                "Завести оператора; первого, администратора, — пока нет ни одного.",
                "Пример: registrar operator add anna --name 'Орлова А. В.' --role registrar --password-stdin",
            ),
            "password": Verb("operator", "password", "Сменить пароль: свой или, администратору, чужой."),
            "role": Verb("operator", "role", "Сменить роль оператора."),
            "block": Verb("operator", "block", "Заблокировать оператора и закончить его сеансы."),
            "unblock": Verb("operator", "unblock", "Снять блокировку."),
        },
    ),
    "audit": Noun(
        "Журнал: кто, что и когда сделал или смотрел.",
        {
            "list": Verb(
                "audit",
                "list_entries",
                "Показать записи журнала, новые сверху.",
                "Пример: registrar audit list --patient 12 --from 01.11.2026",
            ),
            "verify": Verb("audit", "verify", "Проверить, что журнал не изменён и не обрезан."),
            "export": Verb("audit", "export", "Выгрузить журнал в CSV."),
            "anchor": Verb("audit", "anchor", "Отметить конец журнала вне базы."),
        },
    ),
    "demo": Verb("demo", "demo", "Создать демонстрационную клинику, если её нет, и открыть её."),
    "init": Verb(
        "init",
        "init",
        "Создать базу клиники или, с --demo, демонстрационную.",
        "Пример: registrar init --clinic 'Поликлиника № 5' --branch 'Главный корпус'",
    ),
    "db": Noun(
        "Обслуживание базы.",
        {
            "upgrade": Verb("db", "upgrade", "Обновить базу до этой версии программы."),
            "backup": Verb("db", "backup", "Снять проверенную копию; рабочие места не останавливаются."),
            "backups": Verb("db", "backups", "Перечислить копии этой базы."),
            "verify": Verb("db", "verify", "Проверить файл копии."),
            "restore": Verb("db", "restore", "Вернуть копию на место базы; нынешняя откладывается."),
            "check": Verb("db", "check", "Проверить базу: файл, связи, занятость бирок, историю."),
            "reindex": Verb("db", "reindex", "Исправить ключи поиска, разошедшиеся с карточками."),
            "copy": Verb(
                "db",
                "copy",
                "Перенести все строки в новую базу: файл или PostgreSQL.",
                "Пример: registrar db copy --to postgresql://clinic@db.local/clinic",
            ),
            "new-key": Verb("db", "new_key", "Создать файл с новым ключом шифрования."),
            "encrypt": Verb("db", "encrypt", "Зашифровать базу ключом из REGISTRAR_DB_KEY_FILE."),
            "decrypt": Verb("db", "decrypt", "Снять шифрование."),
            "rekey": Verb("db", "rekey", "Перешифровать базу ключом из другого файла."),
        },
    ),
}
