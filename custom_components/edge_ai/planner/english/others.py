"""English words of requests: words that only sound like ours, and words of other domains."""

from __future__ import annotations

from ..lexicon import Kind, Table

NEAR: Table = {
    (Kind.UNKNOWN, None): """
        what is stress/anxiety/mood/presence/tension/emotion/wellbeing/respiration/breathing
        a/the normal/healthy/typical/average heart/breathing/pulse/respiratory/stress
        a/the good/ideal/resting/maximum/target heart/breathing/pulse/respiratory/stress
        instead of | rather than
        on the phone | in the mood for/to | model train/trains | toy train/trains | how much data
        mobile data
        set/sets/setting the mood | mood light/lights/lighting/lamp/music/playlist
        heart rate zone | change/changed/changing my mind
        normal/healthy/typical/average/ideal heart/breathing/pulse/respiratory/stress
        feel/feels/feeling/felt like | cut/cutting down/back
        false alarm/alarms
        only at/during/between/after/before
    """,
    (Kind.DAY, None): """
        tomorrow [morning/afternoon/evening/night] | yesterday [morning/afternoon/evening]
        last month/year | last night | last week | next week | the other day | later today
    """,
    (Kind.ADJUNCT, None): """
        for the duration of | over the course of my/the/our | throughout my/the/our/his/her
        in the middle of my/our/his/her | before my/our/his/her | as part of | until | till
        up until | while | whilst | during | using my/our/the/these/those/some/all/local
        based on | with the help of | by means of | thanks to
        with my/our/his/her/their/some/more/the/new/these/those | on the basis of | from my/our
        for my doctor | for the doctor | for the sake of | for my/the records
        for medical/health/safety reasons
    """,
}

FOREIGN: Table = {
    (Kind.UNKNOWN, "foreign"): """
        instagram account | follow me on
        breathing/breath session/exercise/exercises/app/technique/techniques/program/meditation
        my watch | smart watch | smartwatch | heart surgery | heart attack | heart shaped
        heart emoji | mood board | mood ring | stress ball | stress relief | stress test
        stress management | anxiety relief | stress eating | pulse oximeter | blood flow
        play/plays/playing | order/buy | call/phone/dial | send | dim | lock/unlock | open/close
        brighten | book | schedule | add | vacuum | clean | cook | navigate | translate | print
        download | install | charge | charging | light/lights/lamp/lamps
        music/song/songs/playlist/album | tv/television
        thermostat/heater/heating/temperature/humidity | weather/rain/forecast | timer/timers
        calendar/meeting schedule | blinds/curtains/shutters | door/doors/window/windows/garage
        vacuum cleaner | robot | fan | oven/stove/kettle/dishwasher/washing machine
        camera/cameras | volume | news/joke/jokes/story/recipe/poem | shopping/grocery
        blood pressure | blood oxygen | blood sugar | blood | oxygen | weight | steps | calories
        glucose | dog/cat/baby/pet | buy/purchase/sell | price/cost/costs | recommend
        article/articles | book/books | movie/movies | film/films | podcast/podcasts
        video/videos | radio | station | channel | remote | screen brightness | wallpaper
        photo/photos/picture/pictures | email/emails/mail | contacts | contact | alarm clock
        stopwatch | countdown | traffic | bus | train to | trains to | train from | train station
        flight | taxi | uber | restaurant/restaurants | dinner | lunch | breakfast | coffee
        water | plants | garden hose | sprinkler/sprinklers | pool | hot tub | printer | router
        wifi | bluetooth | battery | telly | belly | jelly | reply/replies | supply | fly/butterfly
        family guy | july | italy | rally | bully | monopoly | assembly | lily | anomaly | wooly
    """,
}
