"""The material of the simulated province: real region and industry codes, words for names, bureaus."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BRAND_CHARACTERS", "BUREAUS", "BUREAU_OF", "INDUSTRIES", "KEY_AREA_SETS", "REGIONS", "Industry", "Region"]


class Region(NamedTuple):
    """A county, district or county-level city of Jiangsu (GB/T 2260)."""

    code: str
    city: str
    name: str
    place: str  # how the names of its enterprises begin
    weight: int  # share of the province's enterprises


class Industry(NamedTuple):
    """A class of GB/T 4754-2017."""

    code: str
    trade: str  # how the industry reads in an enterprise's name
    weight: int
    hazards: tuple[str, ...] = ()  # dimensions in which its risk lies above the average
    key_area: str = ""
    key_share: int = 0  # per cent of its enterprises that belong to the key area


# city: enterprises per district, then code and name of each district
_CITIES: dict[str, tuple[int, str]] = {
    "南京市": (
        9,
        (
            "320102玄武区 320104秦淮区 320105建邺区 320106鼓楼区 320111浦口区 320113栖霞区 320114雨花台区 320115江宁区 "
            "320116六合区 320117溧水区 320118高淳区"
        ),
    ),
    "无锡市": (10, "320205锡山区 320206惠山区 320211滨湖区 320213梁溪区 320214新吴区 320281江阴市 320282宜兴市"),
    "徐州市": (
        7,
        (
            "320302鼓楼区 320303云龙区 320305贾汪区 320311泉山区 320312铜山区 320321丰县 320322沛县 320324睢宁县 "
            "320381新沂市 320382邳州市"
        ),
    ),
    "常州市": (8, "320402天宁区 320404钟楼区 320411新北区 320412武进区 320413金坛区 320481溧阳市"),
    "苏州市": (
        15,
        (
            "320505虎丘区 320506吴中区 320507相城区 320508姑苏区 320509吴江区 320581常熟市 320582张家港市 320583昆山市 "
            "320585太仓市"
        ),
    ),
    "南通市": (9, "320612通州区 320613崇川区 320614海门区 320623如东县 320681启东市 320682如皋市 320685海安市"),
    "连云港市": (5, "320703连云区 320706海州区 320707赣榆区 320722东海县 320723灌云县 320724灌南县"),
    "淮安市": (5, "320803淮安区 320804淮阴区 320812清江浦区 320813洪泽区 320826涟水县 320830盱眙县 320831金湖县"),
    "盐城市": (
        5,
        (
            "320902亭湖区 320903盐都区 320904大丰区 320921响水县 320922滨海县 320923阜宁县 320924射阳县 320925建湖县 "
            "320981东台市"
        ),
    ),
    "扬州市": (6, "321002广陵区 321003邗江区 321012江都区 321023宝应县 321081仪征市 321084高邮市"),
    "镇江市": (5, "321102京口区 321111润州区 321112丹徒区 321181丹阳市 321182扬中市 321183句容市"),
    "泰州市": (6, "321202海陵区 321203高港区 321204姜堰区 321281兴化市 321282靖江市 321283泰兴市"),
    "宿迁市": (6, "321302宿城区 321311宿豫区 321322沭阳县 321323泗阳县 321324泗洪县"),
}


def _regions() -> list[Region]:
    """List the regions; a district's enterprises are named after its city, those of a county after the county."""
    regions = []
    for city, (weight, districts) in _CITIES.items():
        for district in districts.split():
            code, name = district[:6], district[6:]
            own_name = name[:-1] if len(name) > 2 else name
            regions.append(Region(code, city, name, city[:-1] if name.endswith("区") else own_name, weight))
    return regions


REGIONS = _regions()

INDUSTRIES = [
    Industry("1311", "粮油", 8, ("quality",), "food", 30),
    Industry("1353", "肉食品", 6, ("quality",), "food", 40),
    Industry("1411", "烘焙食品", 8, ("quality",), "food", 30),
    Industry("1432", "速冻食品", 5, ("quality",), "food", 40),
    Industry("1512", "酒业", 6, ("quality",), "food", 20),
    Industry("1711", "纺织", 25),
    Industry("1713", "印染", 10, ("environment",)),
    Industry("2110", "家具", 18, ("safety",)),
    Industry("2231", "纸业包装", 15, ("environment",)),
    Industry("2319", "印务", 12),
    Industry("2614", "化工", 7, ("safety", "environment"), "hazardous_chemicals", 70),
    Industry("2631", "农化", 3, ("safety", "environment"), "hazardous_chemicals", 60),
    Industry("2641", "涂料", 6, ("safety", "environment"), "hazardous_chemicals", 40),
    Industry("2720", "制药", 5, ("quality",), "drugs", 90),
    Industry("2762", "生物疫苗", 1, ("quality",), "vaccines", 90),
    Industry("2929", "塑料制品", 30, ("environment",)),
    Industry("3021", "建材", 15, ("safety", "environment")),
    Industry("3311", "钢结构", 20, ("safety",)),
    Industry("3360", "表面处理", 12, ("safety", "environment")),
    Industry("3411", "锅炉", 3, ("safety",), "special_equipment", 90),
    Industry("3435", "电梯", 4, ("safety",), "special_equipment", 90),
    Industry("3484", "精密机械", 45),
    Industry("3525", "模具", 28),
    Industry("3670", "汽车零部件", 28),
    Industry("3825", "光伏科技", 10),
    Industry("3831", "线缆", 14, ("quality",)),
    Industry("3982", "电子", 25),
    Industry("4430", "热力", 2, ("safety", "environment"), "special_equipment", 70),
    Industry("4620", "水务", 4, ("environment",)),
    Industry("4710", "建设工程", 40, ("safety", "responsibility")),
    Industry("4910", "机电安装", 25, ("safety",)),
    Industry("5012", "装饰工程", 40, ("responsibility",)),
    Industry("5151", "医药", 6, ("quality",), "drugs", 60),
    Industry("5165", "建材贸易", 60),
    Industry("5169", "化工贸易", 15, ("safety",), "hazardous_chemicals", 25),
    Industry("5211", "百货", 35),
    Industry("5212", "超市", 30, ("quality",), "food", 5),
    Industry("5251", "大药房", 14, ("quality",), "drugs", 20),
    Industry("5265", "石油", 6, ("safety",), "hazardous_chemicals", 60),
    Industry("5292", "电子商务", 60, ("quality",)),
    Industry("5431", "物流", 45, ("safety",)),
    Industry("5435", "危货运输", 3, ("safety",), "hazardous_chemicals", 90),
    Industry("6210", "餐饮管理", 60, ("quality",), "food", 5),
    Industry("6220", "快餐", 20, ("quality",), "food", 5),
    Industry("6513", "软件", 45),
    Industry("7010", "置业", 14, ("compliance", "responsibility")),
    Industry("7020", "物业管理", 25, ("compliance",)),
    Industry("7212", "投资管理", 25, ("compliance",)),
    Industry("8111", "汽车维修", 25, ("environment",)),
]

# The sets of key areas that occur; an enterprise of one area may also run special equipment (lifts, boilers).
_AREAS = ["", *dict.fromkeys(industry.key_area for industry in INDUSTRIES if industry.key_area)]
KEY_AREA_SETS: dict[tuple[str, bool], list[str]] = {
    (area, special): sorted({area} - {""} | ({"special_equipment"} if special else set()))
    for area in _AREAS
    for special in (False, True)
}

BUREAUS = ["应急管理局", "市场监督管理局", "生态环境局", "人力资源和社会保障局", "税务局", "人民法院"]

# The authority that usually acts in a dimension.
BUREAU_OF = {
    "safety": "应急管理局",
    "quality": "市场监督管理局",
    "environment": "生态环境局",
    "compliance": "市场监督管理局",
    "responsibility": "人力资源和社会保障局",
}

BRAND_CHARACTERS = (
    "华瑞恒泰盛鑫源达宏远天润德信诚和兴隆昌荣佳美嘉康宁安顺通广博文景云海江河"
    "金银玉宝珠翔飞腾龙凤麒麟鹏程锦绣春秋晨阳光明辉煌耀星辰宇宙环球创新联合众"
    "力维科卓越优品尚正义仁礼智勤丰收禾田园林森木青松柏梅兰竹菊荷莲"
)
